from typing import ClassVar

from django.conf import settings
from django.db import models

from verification.models.inquiry import Inquiry


class Identification(Inquiry):
    """Whose face is this? Asked by staff; the row stays as the record of who asked, when, and what they were told."""

    PICTURES: ClassVar = ("image",)

    # The record outlives the account of whoever asked.
    owner = models.ForeignKey(  # type: ignore[assignment]
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="identifications",
    )
