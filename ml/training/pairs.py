"""Pairs of faces, half of them of one person, and their exchange as `.npz` files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.errors import DatasetError
from ml.faces.framing import frame
from ml.training.folder import MARGIN_PX, People, Rows
from ml.types import Floats, InputSpec, Picture


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows of `People.faces`.

    Attributes:
        left: Int32 (n,).
        right: Int32 (n,), never the same face as `left`.
        same: Float32 (n,), 1 for mated, 0 for non-mated.
    """

    left: Rows
    right: Rows
    same: Floats


@dataclass(frozen=True, slots=True)
class PairFile:
    """Pairs of pictures, by themselves.

    Attributes:
        left: Uint8 (n, height, width, channels).
        right: Of the same shape.
        same: Float32 (n,), 1 for mated, 0 for non-mated.
        left_names: Text (n,), `person/file`.
        right_names: Text (n,).
    """

    left: Picture
    right: Picture
    same: Floats
    left_names: npt.NDArray[np.str_]
    right_names: npt.NDArray[np.str_]


def draw_pairs(people: People, count: int, generator: np.random.Generator) -> Pairs:
    """Draw pairs in mixed order, mated and non-mated as many of each (of an odd count, one more non-mated).

    People are drawn first and faces after, so that people with many faces are not seen more often than others.
    Strangers come from one source.

    Args:
        people: Everyone with at least two faces.
        count: How many pairs.
        generator: Source of chance.
    """
    mated = count // 2
    left, right = _mated(people, mated, generator)
    stranger_left, stranger_right = _non_mated(people, count - mated, generator)
    order = generator.permutation(count)
    return Pairs(
        left=np.concatenate([left, stranger_left])[order],
        right=np.concatenate([right, stranger_right])[order],
        same=(np.arange(count) < mated).astype(np.float32)[order],
    )


def draw_pairs_within(rows: Rows, subjects: Rows, generator: np.random.Generator) -> Rows:
    """Draw pairs out of one batch of P people with K faces each: every mated one, and as many non-mated ones.

    Args:
        rows: Int32 (P * K,), whose face is which; a pair of one face with itself is none.
        subjects: Int32 (P * K,), whose they are.
        generator: Source of chance.

    Returns:
        Int32 (n, 3): the left and the right face's place in the batch, and 1 if both are one person's, else 0. n is
        P * K * (K - 1), whoever is in the batch: where faces come twice, pairs do.
    """
    left, right = np.triu_indices(len(rows), k=1)
    same = subjects[left] == subjects[right]
    count = int(same.sum())
    mated = np.flatnonzero(same & (rows[left] != rows[right]))
    chosen = np.concatenate(
        [np.resize(mated, count), generator.choice(np.flatnonzero(~same), count, replace=False)]
    )
    return np.stack([left[chosen], right[chosen], same[chosen]], axis=1).astype(np.int32)


def draw_company(people: People, count: int, generator: np.random.Generator) -> Rows:
    """Draw people, int32 (count,), who are not the only ones of their source.

    Raises:
        DatasetError: `dataset_too_small` if there are none.
    """
    eligible = np.flatnonzero(np.bincount(people.sources)[people.sources] > 1)
    if not eligible.size:
        raise DatasetError("dataset_too_small", "expected 2 people of one source, found none")
    return generator.choice(eligible, count).astype(np.int32)


def draw_strangers(people: People, subjects: Rows, generator: np.random.Generator) -> Rows:
    """Draw for each person, int32 (n,), as `draw_company` gives them, another one of the same source."""
    order = np.argsort(people.sources, kind="stable").astype(np.int32)
    sizes = np.bincount(people.sources)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    source = people.sources[subjects]
    # A step of 1 to size - 1 around the circle of a source's people never ends where it began.
    step = generator.integers(1, sizes[source])
    chosen = starts[source] + (place[subjects] - starts[source] + step) % sizes[source]
    return np.asarray(order[chosen], np.int32)


def draw_faces(people: People, subjects: Rows, generator: np.random.Generator) -> Rows:
    """Draw one face of each person, int32 (n,)."""
    return (people.starts[subjects] + generator.integers(people.sizes[subjects])).astype(np.int32)


def another_face(people: People, faces: Rows, generator: np.random.Generator) -> Rows:
    """Draw for each face, int32 (n,), another face of the same person."""
    subjects = people.subjects[faces]
    start, size = people.starts[subjects], people.sizes[subjects]
    step = generator.integers(1, size)
    return (start + (faces - start + step) % size).astype(np.int32)


def export_pairs(people: People, pairs: Pairs, spec: InputSpec, path: Path) -> None:
    """Write pairs as a network sees them: `left`, `right`, `same`, `left_names` and `right_names`, without pickle."""
    names = np.array(people.files)
    np.savez_compressed(
        path,
        left=framed(people, pairs.left, spec),
        right=framed(people, pairs.right, spec),
        same=pairs.same,
        left_names=names[pairs.left],
        right_names=names[pairs.right],
    )


def read_pair_file(path: Path) -> PairFile:
    """Read what `export_pairs` wrote; nothing in the file is executed.

    Raises:
        DatasetError: `dataset_missing`, or `dataset_unreadable` if it holds anything else.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            read = PairFile(**content)
    except FileNotFoundError as error:
        raise DatasetError("dataset_missing", f"expected the file {path}, found none") from error
    except (OSError, TypeError, ValueError) as error:
        raise DatasetError("dataset_unreadable", f"expected pairs in {path}: {error}") from error
    lengths = {len(read.left), len(read.right), len(read.same), len(read.left_names), len(read.right_names)}
    if len(lengths) > 1:
        raise DatasetError("dataset_unreadable", f"expected equally many of everything, got {lengths}")
    return read


def framed(people: People, rows: Rows, spec: InputSpec) -> Picture:
    """Return faces without their margin and as a network sees them, uint8 (n, height, width, channels)."""
    crops = people.faces[rows, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    return np.stack([frame(crop, spec) for crop in crops])


def _mated(people: People, count: int, generator: np.random.Generator) -> tuple[Rows, Rows]:
    subjects = generator.integers(len(people.names), size=count, dtype=np.int32)
    left = draw_faces(people, subjects, generator)
    return left, another_face(people, left, generator)


def _non_mated(people: People, count: int, generator: np.random.Generator) -> tuple[Rows, Rows]:
    subjects = draw_company(people, count, generator)
    strangers = draw_strangers(people, subjects, generator)
    return draw_faces(people, subjects, generator), draw_faces(people, strangers, generator)
