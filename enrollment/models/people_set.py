from typing import ClassVar

from django.db import models

from enrollment.storage import faces_storage, random_name


class PeopleSet(models.Model):
    """Aligned faces of people who do not use the site, imported by an operator. Only commands write it.

    The evaluation set is frozen: every model is judged on the newest one, and each report names its digest.
    """

    class Purpose(models.TextChoices):
        EVALUATION = "evaluation", "Judge models"
        TRAINING = "training", "Learn from"

    name = models.CharField(max_length=64)
    purpose = models.CharField(max_length=16, choices=Purpose)
    subjects = models.PositiveIntegerField()
    images = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the faces and of whose they are.")
    file = models.FileField(storage=faces_storage, upload_to=random_name, help_text="Archive, encrypted.")
    canaries = models.JSONField(default=list, help_text="Pairs of people who must never match.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["purpose", "digest"], name="one_people_set_a_digest")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.subjects} people)"
