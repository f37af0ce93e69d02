from typing import Any

from django.urls import reverse
from rest_framework import serializers

from enrollment.api.images import ImageField, ImagesField
from enrollment.models import Sample
from enrollment.policy import AnchorStatus
from enrollment.reasons import reasons_json


class ReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class BoxSerializer(serializers.Serializer[Any]):
    """Where the face is, in pixels of the upright picture."""

    x_min = serializers.FloatField()
    y_min = serializers.FloatField()
    x_max = serializers.FloatField()
    y_max = serializers.FloatField()
    probability = serializers.FloatField()


class SampleSerializer(serializers.ModelSerializer[Sample]):
    id = serializers.UUIDField(allow_null=True, help_text="Null where the file itself was refused.")
    reasons = serializers.SerializerMethodField()
    box = serializers.SerializerMethodField()
    quality = serializers.SerializerMethodField()
    crop_url = serializers.SerializerMethodField(help_text="The aligned face, for its owner's browser.")

    class Meta:
        model = Sample
        fields = ("id", "state", "reasons", "box", "quality", "crop_url", "created_at")
        extra_kwargs = {"created_at": {"allow_null": True}}

    def get_reasons(self, sample: Sample) -> ReasonSerializer(many=True):  # type: ignore[valid-type]
        return reasons_json(sample.reasons)

    def get_box(self, sample: Sample) -> BoxSerializer(allow_null=True):  # type: ignore[valid-type]
        return sample.box or None

    def get_quality(self, sample: Sample) -> dict[str, float] | None:
        return sample.quality or None

    def get_crop_url(self, sample: Sample) -> str | None:
        owned = sample.state == Sample.State.ACCEPTED and sample.subject.user_id is not None
        return reverse("enrollment:sample_crop", args=[sample.pk]) if owned else None


class ImageSerializer(serializers.Serializer[Any]):
    image = ImageField()


class ImagesSerializer(serializers.Serializer[Any]):
    image = ImagesField(help_text="One picture or several.")


class AnchorsSerializer(serializers.Serializer[Any]):
    """How far an enrollment is."""

    accepted = serializers.IntegerField()
    pending = serializers.IntegerField()
    minimum = serializers.IntegerField(
        help_text="So many accepted pictures are needed before one is recognised."
    )
    maximum = serializers.IntegerField()
    usable = serializers.BooleanField()
    remaining = serializers.IntegerField(help_text="Pictures still needed.")


class SamplesSerializer(serializers.Serializer[Any]):
    """One entry a picture, in the order in which they were sent."""

    samples = SampleSerializer(many=True)
    anchors = AnchorsSerializer()


def anchors_json(status: AnchorStatus) -> dict[str, int | bool]:
    return {
        "accepted": status.accepted,
        "pending": status.pending,
        "minimum": status.minimum,
        "maximum": status.maximum,
        "usable": status.usable,
        "remaining": status.remaining,
    }
