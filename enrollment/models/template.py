from typing import ClassVar

from django.db import models

from enrollment.crypto import seal, unseal
from enrollment.models.model_version import ModelVersion
from enrollment.models.sample import Sample


class Template(models.Model):
    """The embedding of one accepted sample under one model version: what a probe is compared with."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="templates")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="templates")
    sealed_embedding = models.BinaryField(help_text="float32 vector, encrypted.")
    quality = models.FloatField(help_text="0 to 1, higher is better.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sample", "model_version"], name="one_template_a_sample_and_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sample} under {self.model_version}"

    def seal_context(self, column: str) -> str:
        return f"template:{self.sample_id}:{self.model_version_id}"

    @property
    def embedding(self) -> bytes:
        """Raw little-endian float32 values; only jobs turn them into arrays."""
        return unseal(self.sealed_embedding, context=self.seal_context("sealed_embedding"))

    @embedding.setter
    def embedding(self, raw: bytes) -> None:
        self.sealed_embedding = seal(raw, context=self.seal_context("sealed_embedding"))
