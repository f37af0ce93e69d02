"""Subjects without accounts, whom backends keep with a service key. People with an account are out of their reach."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView, page
from enrollment.api.permissions import HasScope
from enrollment.api.samples import images_of, outcomes_of, samples_answer
from enrollment.api.schema import PAGING, WAITING, paged, problems
from enrollment.api.serializers import (
    AnchorsSerializer,
    ImagesSerializer,
    SampleSerializer,
    SamplesSerializer,
    anchors_json,
)
from enrollment.models import Consent, Sample, Subject
from enrollment.models.service_key import Scope
from enrollment.selectors import (
    anchor_status,
    backend_subject,
    backend_subjects,
    samples_of,
    standing_consents,
)
from enrollment.services import (
    EXTERNAL_ID,
    sample_delete,
    sample_submit,
    subject_consents_set,
    subject_create,
    subject_delete,
)


@extend_schema_field({"type": "boolean", "enum": [True]})
class AssertedField(serializers.BooleanField):
    """What has to be true."""

    default_error_messages = {"untrue": "Without the person's consent no face is kept."}

    def to_internal_value(self, data: Any) -> bool:
        if not super().to_internal_value(data):
            self.fail("untrue")
        return True


class AssertionSerializer(serializers.Serializer[Any]):
    """What the caller asserts that the person agreed to."""

    consent = AssertedField(help_text="That the person agreed to be recognised by their face. Must be true.")
    training_consent = serializers.BooleanField(
        default=False, help_text="That they agreed that the site's model learns from their pictures too."
    )


class ExternalIdField(serializers.RegexField):
    """Text, and not a number that looks like it: a backend's `7` and `"7"` may be two people. Nor an empty one."""

    def get_value(self, dictionary: Any) -> Any:
        return dictionary.get(self.field_name, empty)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class SubjectCreateSerializer(AssertionSerializer):
    external_id = ExternalIdField(
        rf"^{EXTERNAL_ID.pattern}\Z",
        required=False,
        allow_null=True,
        help_text="What you call the person, at most 128 characters; once on the whole site.",
    )


class SubjectSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    external_id = serializers.CharField(allow_null=True)
    consent = serializers.BooleanField()
    training_consent = serializers.BooleanField()
    anchors = AnchorsSerializer()
    created_at = serializers.DateTimeField()


class SubjectView(ApiView):
    """Base of what is done with subjects."""

    permission_classes = [HasScope]
    scope = Scope.SUBJECTS_WRITE


class SubjectList(SubjectView):
    """All subjects without accounts; a new one."""

    @extend_schema(
        operation_id="subjects_list",
        summary="Subjects, newest first",
        parameters=PAGING,
        responses={200: paged(SubjectSerializer, name="subjects")},
        tags=["subjects"],
    )
    def get(self, request: Request) -> Response:
        return Response(page(request, backend_subjects(), _json, name="subjects"))

    @extend_schema(
        operation_id="subjects_create",
        summary="Add a subject",
        request=SubjectCreateSerializer,
        responses={201: SubjectSerializer} | problems(409),
        tags=["subjects"],
    )
    def post(self, request: Request) -> Response:
        form = SubjectCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        subject = subject_create(
            external_id=form.validated_data.get("external_id"),
            training=form.validated_data["training_consent"],
        )
        return Response(_json(subject), status=status.HTTP_201_CREATED)


class SubjectDetail(SubjectView):
    """One subject."""

    @extend_schema(
        operation_id="subjects_read",
        summary="One subject",
        responses={200: SubjectSerializer} | problems(404),
        tags=["subjects"],
    )
    def get(self, request: Request, subject_id: UUID) -> Response:
        return Response(_json(subject_or_404(subject_id)))

    @extend_schema(
        operation_id="subjects_delete",
        summary="Erase a subject with all that is known of them",
        request=None,
        responses={204: None} | problems(404),
        tags=["subjects"],
    )
    def delete(self, request: Request, subject_id: UUID) -> Response:
        subject_delete(subject_or_404(subject_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubjectConsents(SubjectView):
    """What a subject agreed to."""

    @extend_schema(
        operation_id="subjects_consents_replace",
        summary="Assert consent to today's wording; give or take back the one for training",
        request=AssertionSerializer,
        responses={200: SubjectSerializer} | problems(404),
        tags=["subjects"],
    )
    def put(self, request: Request, subject_id: UUID) -> Response:
        subject = subject_or_404(subject_id)
        form = AssertionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        subject_consents_set(subject, training=form.validated_data["training_consent"])
        return Response(_json(subject))


class SubjectSamples(SubjectView):
    """A subject's pictures: list them, add some."""

    @extend_schema(
        operation_id="subjects_samples_list",
        summary="A subject's pictures, newest first",
        parameters=PAGING,
        responses={200: paged(SampleSerializer, name="samples")} | problems(404),
        tags=["subjects"],
    )
    def get(self, request: Request, subject_id: UUID) -> Response:
        rows = samples_of(subject_or_404(subject_id)).select_related("subject")
        return Response(page(request, rows, lambda sample: SampleSerializer(sample).data, name="samples"))

    @extend_schema(
        operation_id="subjects_samples_add",
        summary="Enroll a subject's face: one picture or several",
        description="One entry a picture, in their order. A single picture that is refused at once is a problem.",
        parameters=WAITING,
        request=ImagesSerializer,
        responses={200: SamplesSerializer, 202: SamplesSerializer} | problems(404, 409, 413, 415, 422),
        tags=["subjects"],
    )
    def post(self, request: Request, subject_id: UUID) -> Response:
        subject = subject_or_404(subject_id)
        outcomes = outcomes_of(images_of(request), lambda file: sample_submit(subject, file))
        return samples_answer(request, subject, outcomes)


class SubjectSample(SubjectView):
    """One of a subject's pictures."""

    @extend_schema(
        operation_id="subjects_samples_read",
        summary="One picture of a subject",
        responses={200: SampleSerializer} | problems(404),
        tags=["subjects"],
    )
    def get(self, request: Request, subject_id: UUID, sample_id: UUID) -> Response:
        return Response(SampleSerializer(_sample_or_404(subject_id, sample_id)).data)

    @extend_schema(
        operation_id="subjects_samples_delete",
        summary="Erase one picture of a subject",
        request=None,
        responses={204: None} | problems(404),
        tags=["subjects"],
    )
    def delete(self, request: Request, subject_id: UUID, sample_id: UUID) -> Response:
        sample_delete(_sample_or_404(subject_id, sample_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def subject_or_404(subject_id: UUID) -> Subject:
    """The subject without an account that has this public id."""
    subject = backend_subject(subject_id)
    if subject is None:
        raise Http404
    return subject


def _sample_or_404(subject_id: UUID, sample_id: UUID) -> Sample:
    sample = samples_of(subject_or_404(subject_id)).filter(pk=sample_id).select_related("subject").first()
    if sample is None:
        raise Http404
    return sample


def _json(subject: Subject) -> dict[str, Any]:
    consents = standing_consents(subject)
    return {
        "id": subject.public_id,
        "external_id": subject.external_id,
        "consent": consents[Consent.Purpose.SIGN_IN] is not None,
        "training_consent": consents[Consent.Purpose.TRAINING] is not None,
        "anchors": anchors_json(anchor_status(subject)),
        "created_at": subject.created_at,
    }
