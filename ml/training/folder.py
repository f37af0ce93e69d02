"""A folder of people, `name/*.jpg`, read into memory and split by person.

The pictures are aligned faces with a margin: the 112-pixel crop that serving makes, and 8 more pixels all around, so
that a face can be shifted and turned in training without running out of picture.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.config import SEED
from ml.errors import DatasetError, ImageError
from ml.faces import images
from ml.faces.alignment import SIDE_PX
from ml.types import Picture

MARGIN_PX = 8
FACE_PX = SIDE_PX + 2 * MARGIN_PX
_NUMBERED = re.compile(r"([a-z]*)\d+")

Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class People:
    """Faces of several people.

    Attributes:
        names: One a person, in rising order.
        files: One a face, relative to the folder; a person's are adjacent.
        faces: Uint8 (n, 128, 128, 3) RGB.
        subjects: Int32 (n,), whose face each is: an index of `names`, rising.
    """

    names: tuple[str, ...]
    files: tuple[str, ...]
    faces: Picture
    subjects: Rows

    @property
    def starts(self) -> Rows:
        """The first face of each person, int32."""
        return np.searchsorted(self.subjects, np.arange(len(self.names))).astype(np.int32)

    @property
    def sizes(self) -> Rows:
        """How many faces each person has, int32."""
        return np.bincount(self.subjects, minlength=len(self.names)).astype(np.int32)

    @property
    def sources(self) -> Rows:
        """A number for the collection that each person comes from, int32."""
        return np.unique([source_of(name) for name in self.names], return_inverse=True)[1].astype(np.int32)

    @property
    def digest(self) -> str:
        """SHA-256 of the pixels and of what they are called."""
        content = hashlib.sha256("\n".join(self.files).encode())
        content.update(np.ascontiguousarray(self.faces).data)
        return content.hexdigest()

    def only(self, names: Sequence[str]) -> "People":
        """Return some of these people."""
        kept = sorted(names)
        rows = np.flatnonzero(np.isin(np.array(self.names)[self.subjects], kept))
        subjects = np.searchsorted(kept, np.array(self.names)[self.subjects[rows]]).astype(np.int32)
        return People(tuple(kept), tuple(self.files[row] for row in rows), self.faces[rows], subjects)


def source_of(name: str) -> str:
    """Return the collection a person comes from: the letters before a number, as in `f0012`, else nothing.

    Two collections may hold the same person under two names, so strangers are only ever sought within one.
    """
    numbered = _NUMBERED.fullmatch(name)
    return numbered[1] if numbered else ""


def read_people(data: Path, *, limit: int | None = None, seed: int = SEED) -> People:
    """Read a folder of people, or some of them.

    All pictures are decoded at once, 48 KB each in memory, so that a bad one is met before training and not during it.

    Args:
        data: Holds a folder a person, and in each at least two `.jpg` faces of 128 x 128 pixels.
        limit: How many people to draw; all if not given.
        seed: Makes the draw repeatable.

    Raises:
        DatasetError: `dataset_missing`, `dataset_too_small` or `dataset_unreadable`, naming the person or file.
    """
    names = sorted(folder.name for folder in data.iterdir() if folder.is_dir()) if data.is_dir() else []
    if not names:
        raise DatasetError("dataset_missing", f"expected folders of people in {data}, found none")
    if limit is not None and limit < len(names):
        names = sorted(np.random.default_rng(seed).choice(names, limit, replace=False).tolist())
    if len(names) < 2:
        raise DatasetError("dataset_too_small", f"expected at least 2 people in {data}, found {len(names)}")
    files = [sorted(path.relative_to(data) for path in (data / name).glob("*.jpg")) for name in names]
    for name, own in zip(names, files, strict=True):
        if len(own) < 2:
            raise DatasetError("dataset_too_small", f"expected 2 pictures of {name}, found {len(own)}")
    every = [file for own in files for file in own]
    with ThreadPoolExecutor() as pool:
        faces = np.stack(list(pool.map(lambda file: _read_face(data / file), every)))
    subjects = np.repeat(np.arange(len(names)), [len(own) for own in files]).astype(np.int32)
    return People(tuple(names), tuple(file.as_posix() for file in every), faces, subjects)


def split_names(
    names: Sequence[str],
    shares: Sequence[float],
    *,
    seed: int = SEED,
    source: Callable[[str], str] = source_of,
) -> list[list[str]]:
    """Divide people into parts that share nobody; each part gets its share of every source.

    Args:
        names: One a person, in any order.
        shares: Relative size of each part.
        seed: Makes the division repeatable.
        source: Tells the collection of a person.

    Raises:
        DatasetError: `dataset_too_small` if a part would have fewer than two people.
    """
    generator = np.random.default_rng(seed)
    parts: list[list[str]] = [[] for _ in shares]
    ends = np.cumsum(shares) / sum(shares)
    for origin in sorted({source(name) for name in names}):
        own = sorted(name for name in names if source(name) == origin)
        mixed = [own[index] for index in generator.permutation(len(own))]
        cuts = np.round(ends * len(own)).astype(int)[:-1]
        for part, chosen in zip(parts, np.split(np.array(mixed), cuts), strict=True):
            part.extend(chosen.tolist())
    smallest = min(len(part) for part in parts)
    if smallest < 2:
        raise DatasetError("dataset_too_small", f"expected 2 people in each part, found {smallest}")
    return [sorted(part) for part in parts]


def _read_face(path: Path) -> Picture:
    try:
        face = images.decode(path.read_bytes())
    except (ImageError, OSError) as error:
        raise DatasetError("dataset_unreadable", f"expected a face in {path}: {error}") from error
    if face.shape != (FACE_PX, FACE_PX, 3):
        raise DatasetError(
            "dataset_unreadable",
            f"expected {FACE_PX} x {FACE_PX} pixels in {path}, got {face.shape[1]} x {face.shape[0]}; "
            "import_faces makes such faces",
        )
    return face
