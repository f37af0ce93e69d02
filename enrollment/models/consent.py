from typing import ClassVar

from django.db import models
from django.utils import timezone

from enrollment.models.subject import Subject


class Consent(models.Model):
    """One agreement to one purpose. Withdrawing keeps the row, as the record that it was given and ended."""

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", "Sign in with my face"
        TRAINING = "training", "Improve this site's face recognition"

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=16, choices=Purpose)
    text_version = models.CharField(max_length=16, help_text="Which wording was agreed to.")
    granted_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-granted_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject", "purpose"],
                condition=models.Q(withdrawn_at=None),
                name="one_standing_consent_a_purpose",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_purpose_display()}"
