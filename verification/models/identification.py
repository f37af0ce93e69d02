from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from enrollment.models import Subject
from verification.models.inquiry import Inquiry


class Identification(Inquiry):
    """Whose face is this? Asked by staff or a backend.

    The row stays as the record of who asked, when, and what they were told.
    """

    PICTURES: ClassVar = ("image",)

    # The record outlives the account of whoever asked.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="identifications",
    )

    class Meta(Inquiry.Meta):
        permissions: ClassVar = [("view_scores", "Can read similarities and thresholds over the API")]

    def decide(self, answer: dict[str, Any]) -> None:
        """Whoever is recognised was used, too: a backend may never ask for them otherwise."""
        super().decide(answer)
        recognised = [one["subject"] for one in answer["candidates"] if one["matched"]]
        for subject in Subject.objects.filter(pk__in=recognised):
            subject.note_use()
