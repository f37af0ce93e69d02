from datetime import timedelta

from django.db import models
from django.utils import timezone

# Signs of life come every 15 seconds.
SILENT_AFTER = timedelta(seconds=60)


class Heartbeat(models.Model):
    """When beat, or the worker of a queue, was last heard of. With several workers of a queue one speaks for all."""

    name = models.CharField(max_length=32, primary_key=True, help_text="`beat`, or the queue's name.")
    at = models.DateTimeField()
    model_digest = models.CharField(
        max_length=64, blank=True, help_text="Of the artifact that the worker has loaded and checked."
    )

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def note(name: str, *, model_digest: str = "") -> None:
        """Writes the sign of life, in one statement."""
        row = Heartbeat(name=name, at=timezone.now(), model_digest=model_digest)
        fields = ["at", "model_digest"]
        Heartbeat.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["name"], update_fields=fields
        )

    @property
    def age_seconds(self) -> float:
        return (timezone.now() - self.at).total_seconds()

    @property
    def is_silent(self) -> bool:
        return self.age_seconds > SILENT_AFTER.total_seconds()
