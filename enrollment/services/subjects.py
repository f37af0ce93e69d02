"""Subjects without accounts: people whom a backend keeps."""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from enrollment.errors import SubjectExists
from enrollment.models import AuditEvent, Consent, DuplicateFlag, ImportedPicture, Sample, Subject
from enrollment.services.consents import consents_record
from enrollment.services.external_ids import names_whom
from enrollment.services.overtaken import persistently
from enrollment.services.samples import samples_erase, subject_lock


@transaction.atomic
def subject_create(*, external_id: str | None, training: bool) -> Subject:
    """Adds a subject whose consent the caller asserts. Raises SubjectExists."""
    try:
        with transaction.atomic():
            subject = Subject.objects.create(external_id=external_id or None)
    except IntegrityError as error:
        raise SubjectExists from error
    AuditEvent.record(AuditEvent.Action.SUBJECT_CREATE, subject=subject)
    consents_record(subject, _purposes(training=training))
    return subject


def subject_prepare(external_id: str, *, training: bool) -> Subject:
    """The backend's subject of this name, added where there is none, with the consents that the caller asserts."""
    subject = Subject.objects.filter(external_id=external_id, user=None).first()
    if subject is None:
        return subject_create(external_id=external_id, training=training)
    consents_record(subject, _purposes(training=training))
    return subject


@transaction.atomic
def subject_consents_set(subject: Subject, *, training: bool) -> None:
    """Notes that the subject agreed to today's wording, and whether they may be learned from."""
    subject_lock(subject)
    consents_record(subject, _purposes(training=training))
    if not training:
        standing = Consent.objects.filter(
            subject=subject, purpose=Consent.Purpose.TRAINING, withdrawn_at=None
        )
        if standing.update(withdrawn_at=timezone.now()):
            details = {"purpose": Consent.Purpose.TRAINING.value}
            AuditEvent.record(AuditEvent.Action.CONSENT_WITHDRAW, subject=subject, details=details)


@persistently
def subject_delete(subject: Subject) -> None:
    """Erases a subject without an account: pictures, crops, templates, likenesses, consents, verifications."""
    subject_lock(subject)
    DuplicateFlag.objects.filter(Q(subject=subject) | Q(other=subject)).delete()
    samples = list(Sample.objects.filter(subject=subject).defer("sealed_crop"))
    samples_erase(samples)
    _turned_down_erase(subject)
    AuditEvent.record(AuditEvent.Action.SUBJECT_ERASE, subject=subject, details={"samples": len(samples)})
    Subject.objects.filter(pk=subject.pk).delete()


def _turned_down_erase(subject: Subject) -> None:
    """Pictures that were not taken in are nobody's, but reports of imports keep their names, which name people."""
    if not subject.external_id:
        return
    alike = ImportedPicture.objects.filter(subject=None, name__contains=subject.external_id).only("name")
    ImportedPicture.objects.filter(
        pk__in=[row.pk for row in alike if names_whom(row.name, subject.external_id)]
    ).delete()


def _purposes(*, training: bool) -> set[str]:
    return {Consent.Purpose.SIGN_IN, Consent.Purpose.TRAINING} if training else {Consent.Purpose.SIGN_IN}
