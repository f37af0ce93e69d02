"""Giving and withdrawing consent."""

from django.db import transaction
from django.utils import timezone

from enrollment.models import Consent, Subject, User
from enrollment.selectors import subject_of
from enrollment.services.samples import face_erase, subject_lock

# Raise when the wording on the consent page changes in meaning.
TEXT_VERSION = "2026-11"


@transaction.atomic
def consents_give(user: User, purposes: set[str]) -> Subject:
    """Records the purposes agreed to, and ends those no longer ticked."""
    subject, _ = Subject.objects.get_or_create(user=user)
    for purpose in purposes:
        Consent.objects.get_or_create(
            subject=subject, purpose=purpose, withdrawn_at=None, defaults={"text_version": TEXT_VERSION}
        )
    for purpose in set(Consent.Purpose.values) - purposes:
        consent_withdraw(user, purpose)
    return subject


@transaction.atomic
def consent_withdraw(user: User, purpose: str) -> None:
    """Ends one consent; without the one for sign-in, the face is erased."""
    subject_lock(subject_of(user))
    Consent.objects.filter(subject__user=user, purpose=purpose, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    if purpose == Consent.Purpose.SIGN_IN:
        face_erase(user)
