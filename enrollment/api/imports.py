"""Many pictures of many subjects at once."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.images import ImagesField, UploadField
from enrollment.api.permissions import key_of
from enrollment.api.schema import problems
from enrollment.api.serializers import ReasonSerializer
from enrollment.api.subjects import AssertionSerializer, SubjectView
from enrollment.models import ImportedPicture, Sample, SubjectImport
from enrollment.reasons import reasons_json
from enrollment.services import Entry, archive_read, subjects_import


@extend_schema_field({"type": "string", "format": "binary"})
class ArchiveField(UploadField):
    pass


class ImportSerializer(AssertionSerializer):
    archive = ArchiveField(
        required=False,
        help_text="A zip archive: one folder a subject, named by its external id; or pictures named by it.",
    )
    images = ImagesField(
        single=False,
        required=False,
        help_text="Or files of a form, each named by the external id of whom it shows.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("archive" in attrs) == ("images" in attrs):
            raise serializers.ValidationError({"archive": "Expected either `archive` or `images`."})
        return attrs


class ImportedPictureSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField([*Sample.State.values, "erased"])
    reasons = ReasonSerializer(many=True)
    subject = serializers.UUIDField(allow_null=True)
    sample = serializers.UUIDField(allow_null=True)


class ImportReportSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(["pending", "decided"])
    total = serializers.IntegerField()
    pending = serializers.IntegerField()
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    pictures = ImportedPictureSerializer(many=True)
    created_at = serializers.DateTimeField()


class ImportList(SubjectView):
    """Takes in an archive, or many pictures."""

    @extend_schema(
        operation_id="subjects_import",
        summary="Add many subjects and pictures at once",
        description="An archive holds at most 500 pictures and weighs at most 11 MB: send larger sets in parts.",
        request=ImportSerializer,
        responses={202: ImportReportSerializer} | problems(413, 422),
        tags=["subjects"],
    )
    def post(self, request: Request) -> Response:
        form = ImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        if "archive" in data:
            entries = archive_read(data["archive"])
        else:
            entries = [Entry(file.name or "", file.read) for file in data["images"]]
        batch = subjects_import(key_of(request), entries, training=data["training_consent"])
        return Response(_report(batch), status=status.HTTP_202_ACCEPTED)


class ImportDetail(SubjectView):
    """How far an import is."""

    @extend_schema(
        operation_id="subjects_import_read",
        summary="What became of each picture of an import",
        responses={200: ImportReportSerializer} | problems(404),
        tags=["subjects"],
    )
    def get(self, request: Request, import_id: UUID) -> Response:
        batch = SubjectImport.objects.filter(pk=import_id).first()
        if batch is None:
            raise Http404
        return Response(_report(batch))


def _report(batch: SubjectImport) -> dict[str, Any]:
    rows = batch.pictures.select_related("subject", "sample").defer("sample__sealed_crop")
    pictures = [_picture(row) for row in rows]
    counts = Counter(picture["state"] for picture in pictures)
    return {
        "id": batch.pk,
        "state": "pending" if counts["pending"] else "decided",
        "total": len(pictures),
        **{state: counts[state] for state in ("pending", "accepted", "rejected")},
        "pictures": pictures,
        "created_at": batch.created_at,
    }


def _picture(row: ImportedPicture) -> dict[str, Any]:
    return {
        "name": row.name,
        "state": row.state,
        "reasons": reasons_json(row.sample.reasons if row.sample else row.reasons),
        "subject": row.subject.public_id if row.subject else None,
        "sample": row.sample.pk if row.sample else None,
    }
