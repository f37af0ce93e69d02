from typing import ClassVar

from django.db import models


class ModelVersion(models.Model):
    """A network with its weights and calibration, as an artifact on disk. Templates name the version that made them.

    States::

        CANDIDATE --> ACTIVE --> RETIRED --> ACTIVE (roll back)
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate"
        ACTIVE = "active"
        RETIRED = "retired"

    name = models.CharField(max_length=64, unique=True)
    network = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=State, default=State.CANDIDATE)
    path = models.CharField(max_length=255, help_text="Folder of the artifact.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the artifact's manifest.")
    report = models.JSONField(default=dict, help_text="What the evaluation measured.")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_model_version"
            )
        ]

    def __str__(self) -> str:
        return self.name
