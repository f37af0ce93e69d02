from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView, page
from enrollment.api.samples import images_of, outcomes_of, samples_answer
from enrollment.api.schema import PAGING, WAITING, paged, problems
from enrollment.api.serializers import (
    AnchorsSerializer,
    ImagesSerializer,
    SampleSerializer,
    SamplesSerializer,
    anchors_json,
)
from enrollment.models import Sample, User
from enrollment.reauthentication import require_fresh
from enrollment.selectors import anchor_status, sample_of, samples_of, subject_of, user_of
from enrollment.services import sample_delete, sample_submit


@extend_schema_serializer(component_name="OwnSamplePage")
class SamplePageSerializer(paged(SampleSerializer, name="samples")):  # type: ignore[misc]
    anchors = AnchorsSerializer()


class SampleList(ApiView):
    """A person's own pictures: list them, add some."""

    @extend_schema(
        operation_id="samples_list",
        summary="My pictures, newest first",
        parameters=PAGING,
        responses={200: SamplePageSerializer},
        tags=["samples"],
    )
    def get(self, request: Request) -> Response:
        subject = subject_of(user_of(request))
        rows = samples_of(subject).select_related("subject")
        listed = page(request, rows, lambda sample: SampleSerializer(sample).data, name="samples")
        return Response(listed | {"anchors": anchors_json(anchor_status(subject))})

    @extend_schema(
        operation_id="samples_add",
        summary="Enroll my face: one picture or several",
        description="One entry a picture, in their order. A single picture that is refused at once is a problem.",
        parameters=WAITING,
        request=ImagesSerializer,
        responses={200: SamplesSerializer, 202: SamplesSerializer} | problems(409, 413, 415, 422),
        tags=["samples"],
    )
    def post(self, request: Request) -> Response:
        files = images_of(request)
        require_fresh(request)
        user = user_of(request)
        outcomes = outcomes_of(files, lambda file: sample_submit(user, file))
        return samples_answer(request, subject_of(user), outcomes)


class SampleDetail(ApiView):
    """One of a person's own pictures: read it, erase it."""

    @extend_schema(
        operation_id="samples_read",
        summary="One of my pictures",
        responses={200: SamplesSerializer} | problems(404),
        tags=["samples"],
    )
    def get(self, request: Request, sample_id: UUID) -> Response:
        return Response(_payload(user_of(request), [_own(user_of(request), sample_id)]))

    @extend_schema(
        operation_id="samples_delete",
        summary="Erase one of my pictures",
        request=None,
        responses={204: None} | problems(404),
        tags=["samples"],
    )
    def delete(self, request: Request, sample_id: UUID) -> Response:
        sample = _own(user_of(request), sample_id)
        require_fresh(request)
        sample_delete(sample)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _own(user: User, sample_id: UUID) -> Sample:
    sample = sample_of(user, sample_id)
    if sample is None:
        raise Http404
    return sample


def _payload(user: User, samples: list[Sample]) -> dict[str, Any]:
    return {
        "samples": SampleSerializer(samples, many=True).data,
        "anchors": anchors_json(anchor_status(subject_of(user))),
    }
