from typing import Any

from django.urls import reverse
from rest_framework import serializers

from enrollment.models import Sample
from enrollment.policy import AnchorStatus
from enrollment.reasons import reasons_json


class SampleSerializer(serializers.ModelSerializer[Sample]):
    reasons = serializers.SerializerMethodField()
    crop_url = serializers.SerializerMethodField()

    class Meta:
        model = Sample
        fields = ("id", "state", "reasons", "crop_url", "created_at")

    def get_reasons(self, sample: Sample) -> list[dict[str, str]]:
        return reasons_json(sample.reasons)

    def get_crop_url(self, sample: Sample) -> str | None:
        accepted = sample.state == Sample.State.ACCEPTED
        return reverse("enrollment:sample_crop", args=[sample.pk]) if accepted else None


class ImageSerializer(serializers.Serializer[Any]):
    image = serializers.FileField(allow_empty_file=True, help_text="JPEG, PNG or WebP, at most 5 MB.")


def anchors_json(status: AnchorStatus) -> dict[str, int | bool]:
    return {
        "accepted": status.accepted,
        "pending": status.pending,
        "minimum": status.minimum,
        "maximum": status.maximum,
        "usable": status.usable,
        "remaining": status.remaining,
    }
