from typing import ClassVar

from django.conf import settings
from django.db import models

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
