"""Erasing a person, and naming the models that learned from them.

A network cannot forget one person: those versions are to be retrained without, or retired.
"""

from django.db import transaction

from enrollment.models import ModelVersion, Subject, User
from enrollment.selectors import subject_of
from enrollment.services.samples import face_erase, user_erase
from enrollment.services.subjects import subject_delete


@transaction.atomic
def account_erase(user: User, *, face_alone: bool) -> list[ModelVersion]:
    """Erases the face and, unless it alone is meant, the account. Answers the versions that learned from the person."""
    versions = _that_saw(subject_of(user))
    face_erase(user) if face_alone else user_erase(user)
    return versions


@transaction.atomic
def subject_erase(subject: Subject) -> list[ModelVersion]:
    """Erases somebody whom a backend keeps. Answers the versions that learned from the person."""
    versions = _that_saw(subject)
    subject_delete(subject)
    return versions


def _that_saw(subject: Subject | None) -> list[ModelVersion]:
    return list(ModelVersion.that_saw(subject.pk)) if subject else []
