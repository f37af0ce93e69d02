"""Taking in many pictures of many people at once.

Everything is stored in one transaction, or nothing is: what is taken in are samples like any other, which the worker
looks at one by one, and which the sweep finds again when a worker is killed.
"""

import logging
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.db import transaction
from kombu.exceptions import OperationalError

from enrollment.errors import DomainError, ImageRefused, StorageFull
from enrollment.models import ImportedPicture, ServiceKey, Subject, SubjectImport
from enrollment.reasons import Reason
from enrollment.services.archives import Entry
from enrollment.services.samples import sample_store
from enrollment.services.subjects import subject_prepare
from enrollment.services.uploads import image_read
from enrollment.storage import faces_storage

logger = logging.getLogger(__name__)

EXTERNAL_ID = re.compile(r"[^\x00-\x1f\x7f/\\]{1,128}")
LONGEST_NAME = 255


def subjects_import(key: ServiceKey, entries: Iterable[Entry], *, training: bool) -> SubjectImport:
    """Takes in pictures, each of the subject that its folder or, without one, its own name names.

    The caller asserts everybody's consent. What cannot be taken in is noted with its reasons.
    """
    batch = SubjectImport(service_key=key)
    try:
        with transaction.atomic():
            batch.save()
            _take_in_all(entries, batch, training=training)
    except OperationalError:
        # The rows are committed; the sweep queues them once the broker is back.
        logger.warning("queue unreachable: an import waits in the database")
    return batch


def _take_in_all(entries: Iterable[Entry], batch: SubjectImport, *, training: bool) -> None:
    """The files go with the rows where one fails: on a disk that is full their room is needed at once.

    Inside the transaction, since what fails after it was committed takes no row back.
    """
    pictures: list[ImportedPicture] = []
    try:
        for position, entry in enumerate(entries):
            pictures.append(_take_in(entry, position, batch, training=training))
        ImportedPicture.objects.bulk_create(pictures)
    except Exception:
        for sample in [picture.sample for picture in pictures if picture.sample]:
            faces_storage().delete(str(sample.image.name))
        raise


def _take_in(entry: Entry, position: int, batch: SubjectImport, *, training: bool) -> ImportedPicture:
    name = entry.name.encode(errors="replace").decode()[:LONGEST_NAME]
    picture = ImportedPicture(subject_import=batch, position=position, name=name)
    try:
        external_id = external_id_of(entry.name)
        data = image_read(ContentFile(_whole(entry)))
        with transaction.atomic():
            picture.subject = subject_prepare(external_id, training=training)
            picture.sample = sample_store(picture.subject, data)
    except StorageFull:  # no fault of this picture: the whole import may come again
        raise
    except DomainError as error:
        picture.reasons = [error.code]
        if picture.subject is not None:  # unless it was added for this picture alone, and is gone again
            picture.subject = Subject.objects.filter(pk=picture.subject.pk).first()
    return picture


def _whole(entry: Entry) -> bytes:
    if entry.data is None:
        raise _refused(Reason.UNREADABLE_IMAGE)
    return entry.data


def external_id_of(name: str) -> str:
    """The folder of a file, or its name without the ending. Raises ImageRefused where neither names anybody."""
    path = PurePosixPath(name)
    external_id = path.parent.name or path.stem
    if not EXTERNAL_ID.fullmatch(external_id) or not external_id.strip():
        raise _refused(Reason.BAD_NAME)
    return external_id.strip()


def _refused(reason: Reason) -> ImageRefused:
    return ImageRefused(str(reason.label), code=reason.value)
