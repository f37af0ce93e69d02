"""Taking in many pictures of many people at once.

Everything is stored in one transaction, or nothing is: what is taken in are samples like any other, which the worker
looks at one by one, and which the sweep finds again when a worker is killed.
"""

import logging
from collections import Counter
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.db import transaction
from kombu.exceptions import OperationalError

from enrollment.errors import DomainError, StorageFull
from enrollment.models import ImportedPicture, ServiceKey, Subject, SubjectImport
from enrollment.reasons import Reason
from enrollment.services.archives import Entry
from enrollment.services.external_ids import external_id_of, refused
from enrollment.services.samples import sample_store
from enrollment.services.subjects import subject_prepare
from enrollment.services.uploads import image_read
from enrollment.storage import faces_storage

logger = logging.getLogger(__name__)

LONGEST_NAME = 255


def subjects_import(key: ServiceKey, entries: list[Entry], *, training: bool) -> SubjectImport:
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


def _take_in_all(entries: list[Entry], batch: SubjectImport, *, training: bool) -> None:
    """The files go with the rows where one fails: on a disk that is full their room is needed at once.

    Inside the transaction, since what fails after it was committed takes no row back.
    """
    pictures: list[ImportedPicture] = []
    ambiguous = _ambiguous(entries)
    try:
        for position, entry in enumerate(entries):
            picture = ImportedPicture(subject_import=batch, position=position, name=_stored_name(entry))
            pictures.append(picture)
            _take_in(entry, picture, ambiguous, training=training)
        ImportedPicture.objects.bulk_create(pictures)
    except Exception:
        for sample in [picture.sample for picture in pictures if picture.sample]:
            faces_storage().delete(str(sample.image.name))
        raise


def _take_in(entry: Entry, picture: ImportedPicture, ambiguous: set[str], *, training: bool) -> None:
    try:
        external_id = external_id_of(entry.name)
        if external_id in ambiguous:
            raise refused(Reason.BAD_NAME)
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


def _stored_name(entry: Entry) -> str:
    return entry.name.encode(errors="replace").decode()[:LONGEST_NAME]


def _whole(entry: Entry) -> bytes:
    data = entry.read()
    if data is None:
        raise refused(Reason.UNREADABLE_IMAGE)
    return data


def _ambiguous(entries: list[Entry]) -> set[str]:
    """The last names of several folders: `north/7` and `south/7` may be two people."""
    folders = {PurePosixPath(entry.name).parent for entry in entries}
    times = Counter(folder.name.strip() for folder in folders if folder.name)
    return {name for name, count in times.items() if count > 1}
