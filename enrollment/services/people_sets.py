"""Sets of people that an operator imports."""

from django.core.files.base import ContentFile
from django.db import transaction

from enrollment.errors import TrainingRefused
from enrollment.models import PeopleSet


@transaction.atomic
def people_set_create(
    *,
    name: str,
    purpose: str,
    digest: str,
    subjects: int,
    images: int,
    canaries: list[list[str]],
    archive: bytes,
) -> PeopleSet:
    """Stores a set, encrypted. Raises TrainingRefused `set_known` when it is there already."""
    if PeopleSet.objects.filter(purpose=purpose, digest=digest).exists():
        raise TrainingRefused("This set has been imported before.", code="set_known")
    made = PeopleSet(
        name=name, purpose=purpose, digest=digest, subjects=subjects, images=images, canaries=canaries
    )
    made.file.save("", ContentFile(archive), save=False)
    made.save()
    return made
