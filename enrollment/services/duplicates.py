"""Pairs of subjects that look like one person."""

from django.db import transaction

from enrollment.models import DuplicateFlag


@transaction.atomic
def duplicate_resolve(flag: DuplicateFlag) -> None:
    """Staff have looked into it. Raises IllegalTransition when it was resolved before."""
    current = DuplicateFlag.objects.select_for_update().get(pk=flag.pk)
    current.resolve()
    current.save()
