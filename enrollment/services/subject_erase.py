"""Erasing a person, and naming the models that learned from them."""

from django.db import transaction

from enrollment.models import ModelVersion, User
from enrollment.selectors import subject_of
from enrollment.services.samples import face_erase, user_erase


@transaction.atomic
def subject_erase(user: User, *, account: bool) -> list[ModelVersion]:
    """Erases the face and, if asked, the account. Answers the model versions that learned from the person.

    A network cannot forget one person: those versions are to be retrained without, or retired.
    """
    subject = subject_of(user)
    versions = list(ModelVersion.that_saw(subject.pk)) if subject else []
    user_erase(user) if account else face_erase(user)
    return versions
