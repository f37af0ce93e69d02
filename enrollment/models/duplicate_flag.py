from typing import ClassVar

from django.db import models
from django.utils import timezone

from enrollment.errors import IllegalTransition
from enrollment.models.model_version import ModelVersion
from enrollment.models.subject import Subject


class DuplicateFlag(models.Model):
    """Two subjects whose faces look like one person's: for staff to look into, never told to the people themselves.

    States::

        open --resolve()--> resolved (kept, so that the same pair is not flagged again)
    """

    subject = models.ForeignKey(
        Subject, on_delete=models.CASCADE, related_name="duplicate_flags", help_text="The later one."
    )
    other = models.ForeignKey(
        Subject, on_delete=models.CASCADE, related_name="+", help_text="The earlier one."
    )
    similarity = models.FloatField()
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "other"], name="one_duplicate_flag_a_pair"),
            models.CheckConstraint(
                condition=models.Q(subject__gt=models.F("other")), name="duplicate_flag_later_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} and {self.other}"

    def resolve(self) -> None:
        if self.resolved_at is not None:
            raise IllegalTransition("expected an open flag, this one is resolved")
        self.resolved_at = timezone.now()
