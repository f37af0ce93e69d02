"""Giving and withdrawing consent."""

from django.db import transaction
from django.utils import timezone

from enrollment.models import AuditEvent, Consent, Subject, User
from enrollment.notices import Notice, notice_send
from enrollment.policy import consent_text
from enrollment.selectors import subject_of
from enrollment.services.samples import face_erase, subject_lock


@transaction.atomic
def consents_give(user: User, purposes: set[str]) -> Subject:
    """Records the purposes agreed to, each for today's wording, and ends those no longer ticked."""
    subject, _ = Subject.objects.get_or_create(user=user)
    consents_record(subject, purposes)
    for purpose in set(Consent.Purpose.values) - purposes:
        consent_withdraw(user, purpose)
    return subject


def consents_record(subject: Subject, purposes: set[str]) -> None:
    """Notes what somebody agreed to, each for today's wording; what they agreed to before stands."""
    older = Consent.objects.filter(subject=subject, purpose__in=purposes, withdrawn_at=None)
    older.exclude(text_version=consent_text()).update(withdrawn_at=timezone.now())
    for purpose in purposes:
        _, created = Consent.objects.get_or_create(
            subject=subject, purpose=purpose, withdrawn_at=None, defaults={"text_version": consent_text()}
        )
        if created:
            _record(AuditEvent.Action.CONSENT_GIVE, subject, purpose)


@transaction.atomic
def consent_withdraw(user: User, purpose: str) -> None:
    """Ends one consent; without the one for sign-in, the face is erased."""
    subject = subject_of(user)
    subject_lock(subject)
    standing = Consent.objects.filter(subject__user=user, purpose=purpose, withdrawn_at=None)
    if standing.update(withdrawn_at=timezone.now()) and subject:
        _record(AuditEvent.Action.CONSENT_WITHDRAW, subject, purpose)
    if purpose == Consent.Purpose.SIGN_IN:
        face_erase(user)


def _record(action: AuditEvent.Action, subject: Subject, purpose: str) -> None:
    AuditEvent.record(action, subject=subject, details={"purpose": purpose, "text_version": consent_text()})
    if subject.user:
        notice_send(subject.user, Notice.CONSENT_CHANGED)
