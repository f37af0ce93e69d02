"""Pictures given at enrollment: taking them in, and erasing them."""

import logging
from datetime import timedelta

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from enrollment.bell import samples_bell
from enrollment.crypto import keyed_digest
from enrollment.errors import ConsentMissing, ImageRefused, TooManyAnchors
from enrollment.models import AuditEvent, DuplicateFlag, Sample, Subject, User
from enrollment.notices import Notice, notice_send
from enrollment.reasons import Reason
from enrollment.selectors import anchor_status, may_add_pictures, subject_of
from enrollment.services.overtaken import persistently
from enrollment.services.uploads import image_read
from enrollment.services.waiting import wait_for
from enrollment.storage import faces_storage
from enrollment.tasks import template_extract

logger = logging.getLogger(__name__)


def sample_submit(person: User | Subject, file: "File[bytes]") -> Sample:
    """Stores a picture of somebody and queues its extraction.

    Raises ConsentMissing, TooManyAnchors or ImageRefused.
    """
    subject = subject_of(person) if isinstance(person, User) else person
    if subject is None:
        raise ConsentMissing
    data = image_read(file)
    try:
        return sample_store(subject, data)
    except OperationalError:
        # The row is committed; the sweep queues it again once the broker is back.
        logger.warning("queue unreachable: a sample waits in the database")
        return Sample.objects.filter(subject=subject, image_digest=_digest(subject, data)).latest(
            "created_at"
        )


def samples_wait(samples: list[Sample], *, seconds: float) -> list[Sample]:
    """The samples once all are decided, or as they are after so many seconds; without those erased meanwhile."""
    if not samples:
        return []
    rows = Sample.objects.filter(pk__in=[sample.pk for sample in samples])
    return wait_for(
        samples_bell(samples[0].subject_id),
        lambda: list(rows.select_related("subject").defer("sealed_crop")),
        lambda found: all(sample.state != Sample.State.PENDING for sample in found),
        seconds=seconds,
    )


@transaction.atomic
def sample_store(subject: Subject, data: bytes) -> Sample:
    """The same for bytes that `image_read` let pass. Once committed, the row outlives a queue that is unreachable."""
    subject_lock(subject)
    if not may_add_pictures(subject):
        raise ConsentMissing
    if anchor_status(subject).full:
        raise TooManyAnchors
    digest = _digest(subject, data)
    twins = Sample.objects.filter(subject=subject, image_digest=digest).exclude(state=Sample.State.REJECTED)
    if twins.exists():
        raise ImageRefused(str(Reason.DUPLICATE_IMAGE.label), code=Reason.DUPLICATE_IMAGE.value)
    _tell_owner(subject)
    sample = Sample(subject=subject, image_digest=digest)
    sample.image.save("", ContentFile(data), save=False)
    try:
        sample.save()
    except Exception:
        faces_storage().delete(str(sample.image.name))
        raise
    template_extract.delay_on_commit(str(sample.pk))  # type: ignore[attr-defined]
    return sample


def _tell_owner(subject: Subject) -> None:
    """One mail for the pictures of an hour."""
    hour_ago = timezone.now() - timedelta(hours=1)
    if subject.user and not Sample.objects.filter(subject=subject, created_at__gt=hour_ago).exists():
        notice_send(subject.user, Notice.ANCHORS_ADDED)


def _digest(subject: Subject, data: bytes) -> str:
    return keyed_digest(data, context=f"sample:{subject.pk}")


def subject_lock(subject: Subject | None) -> None:
    """Makes everything that changes a person's face take turns. Always the first lock, so that none wait in a ring."""
    if subject is not None:
        Subject.objects.select_for_update().filter(pk=subject.pk).first()


@transaction.atomic
def sample_delete(sample: Sample) -> None:
    """Erases a picture with its crop and templates."""
    subject_lock(sample.subject)
    samples_erase([sample])
    AuditEvent.record(AuditEvent.Action.SAMPLE_DELETE, subject=sample.subject, object_id=sample.pk)
    if sample.subject.user:
        notice_send(sample.subject.user, Notice.ANCHOR_REMOVED)


@transaction.atomic
def face_erase(user: User) -> None:
    """Erases every picture, crop, template and likeness of a person; account and consent history stay."""
    subject = subject_of(user)
    subject_lock(subject)
    DuplicateFlag.objects.filter(Q(subject__user=user) | Q(other__user=user)).delete()
    samples = list(Sample.objects.filter(subject__user=user).defer("sealed_crop"))
    samples_erase(samples)
    Subject.objects.filter(user=user).update(last_used_at=None)
    AuditEvent.record(AuditEvent.Action.FACE_ERASE, subject=subject, details={"samples": len(samples)})
    if samples:
        notice_send(user, Notice.FACE_ERASED)


@persistently
def user_erase(user: User) -> None:
    """Erases a person's face and then the account with all that hangs on it."""
    face_erase(user)
    AuditEvent.record(AuditEvent.Action.ACCOUNT_ERASE, subject=subject_of(user), object_id=user.pk)
    User.objects.filter(pk=user.pk).delete()


def samples_erase(samples: list[Sample]) -> None:
    """Rows and files; the files once the transaction is committed.

    Under the names that the rows have now: a worker that accepted one meanwhile keeps it under another.
    """
    rows = Sample.objects.filter(pk__in=[sample.pk for sample in samples])
    names = list(rows.select_for_update().values_list("image", flat=True))
    rows.delete()
    for name in names:
        if name:
            _file_erase(name)


def _file_erase(name: str) -> None:
    """Once the rows are gone for good; a storage that fails then stops nothing."""
    transaction.on_commit(lambda: faces_storage().delete(name), robust=True)
