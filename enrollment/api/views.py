from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView
from enrollment.api.serializers import ImageSerializer, SampleSerializer, anchors_json
from enrollment.models import Sample, User
from enrollment.reauthentication import require_fresh
from enrollment.selectors import anchor_status, sample_of, samples_of, subject_of, user_of
from enrollment.services import sample_delete, sample_submit


class SampleList(ApiView):
    """A person's own pictures: list them, add one."""

    def get(self, request: Request) -> Response:
        return Response(_payload(user_of(request), list(samples_of(subject_of(user_of(request))))))

    def post(self, request: Request) -> Response:
        form = ImageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        require_fresh(request)
        sample = sample_submit(user_of(request), form.validated_data["image"])
        return Response(_payload(user_of(request), [sample]), status=status.HTTP_202_ACCEPTED)


class SampleDetail(ApiView):
    """One of a person's own pictures: read it, erase it."""

    def get(self, request: Request, sample_id: UUID) -> Response:
        return Response(_payload(user_of(request), [_own(user_of(request), sample_id)]))

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
