import uuid
from typing import ClassVar

from django.db import models

from enrollment.models.sample import Sample
from enrollment.models.service_key import ServiceKey
from enrollment.models.subject import Subject


class SubjectImport(models.Model):
    """Many pictures of many people that a backend sent at once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service_key = models.ForeignKey(ServiceKey, on_delete=models.CASCADE, related_name="imports")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"import of {self.created_at:%Y-%m-%d %H:%M:%S}"


class ImportedPicture(models.Model):
    """One entry of an import: a sample that the worker looks at, or the reasons why it was not taken in."""

    subject_import = models.ForeignKey(SubjectImport, on_delete=models.CASCADE, related_name="pictures")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    sample = models.ForeignKey(Sample, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reasons = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_import", "position"], name="one_picture_a_position")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """As its sample's, `rejected` if it never became one, `erased` if that is gone."""
        if self.sample:
            return self.sample.state
        return str(Sample.State.REJECTED) if self.reasons else "erased"
