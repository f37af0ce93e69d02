"""The faces of a training run, laid out as a folder of people for as long as the run needs them.

Stored faces are encrypted; learning reads plain files. So they are written where nobody else may look, and the run
erases them however it ends; what a killed worker left behind goes when the next one starts.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from enrollment.errors import SealBroken, TrainingFailed
from enrollment.models import PeopleSet, Sample
from enrollment.selectors import TrainingSample
from ml.errors import DatasetError, ImageError
from ml.faces import images
from ml.training.folder import MARGIN_PX, People, read_people


def samples_write(chosen: list[TrainingSample], folder: Path) -> None:
    """Writes samples of the site into folders of their people. Samples erased meanwhile are left out."""
    for sample_id, subject_id in chosen:
        sample = Sample.objects.filter(pk=sample_id, state=Sample.State.ACCEPTED).first()
        if sample is None:
            continue
        try:
            face = _with_margin(sample.crop)
        except (SealBroken, ImageError) as error:
            raise TrainingFailed(f"Sample {sample_id} cannot be read.", code="sample_unreadable") from error
        _write(folder / person_name(subject_id) / f"{sample_id}.jpg", face)
    for person in folder.iterdir() if folder.is_dir() else ():
        if len(files := list(person.iterdir())) < 2:
            for file in files:
                file.unlink()
            person.rmdir()


def people_set_write(people_set: PeopleSet, folder: Path) -> None:
    """Unpacks an imported set. Raises TrainingFailed `set_altered` when it is not the one that was imported."""
    with people_set.file.open() as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        for name in archive.namelist():
            person, picture = Path(name).parts
            _write(folder / person / picture, archive.read(name))
    if read_people(folder).digest != people_set.digest:
        raise TrainingFailed(f"The set {people_set} is not what was imported.", code="set_altered")


def archive_of(folder: Path, files: Iterator[Path]) -> bytes:
    """Packs the aligned faces of a folder of people: the same faces give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:  # JPEG does not get smaller
        for path in files:
            archive.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    return packed.getvalue()


def people_read(folder: Path) -> People:
    """Reads the people of a folder; raises TrainingFailed with the code of what is wrong with them."""
    try:
        return read_people(folder)
    except DatasetError as error:
        raise TrainingFailed(str(error), code=error.code) from error


def share_no_faces(some: People, others: People) -> bool:
    """Whether two sets have no picture in common: nobody is judged on what was learned from."""
    return _faces(some).isdisjoint(_faces(others))


def person_name(subject_id: int) -> str:
    """The folder of a person of the site. The letter keeps them apart from imported people: see `source_of`."""
    return f"site{subject_id:08}"


def _faces(people: People) -> set[bytes]:
    return {hashlib.sha256(face.tobytes()).digest() for face in people.faces}


def _with_margin(crop: bytes) -> bytes:
    """The stored crop has no margin. Mirrored at its edges, it gets one that looks like this face and no other."""
    face = images.decode(crop)
    framed = cv2.copyMakeBorder(face, MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX, cv2.BORDER_REFLECT_101)
    return images.encode_jpeg(np.asarray(framed, np.uint8), quality=95)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
