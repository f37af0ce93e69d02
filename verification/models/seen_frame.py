from typing import ClassVar

from django.db import models


class SeenFrame(models.Model):
    """The keyed digest of a frame that answered a challenge; it answers no other. Nothing of the picture is in it."""

    digest = models.CharField(primary_key=True, max_length=64)
    seen_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["-seen_at"]

    def __str__(self) -> str:
        return self.digest[:8]
