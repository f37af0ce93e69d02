"""Questions about pictures that the caller brings."""

from typing import Any

from rest_framework import serializers, status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from enrollment.api.base import ApiView
from enrollment.api.serializers import ImageSerializer
from enrollment.selectors import user_of
from verification.api.waiting import wait_seconds
from verification.models import Comparison, Identification, Inquiry
from verification.reasons import reasons_of
from verification.selectors import candidates_of, may_identify
from verification.services import comparison_submit, identification_submit, inquiry_wait


class ComparisonSerializer(serializers.Serializer[Any]):
    image_a = serializers.FileField(allow_empty_file=True, help_text="JPEG, PNG or WebP, at most 5 MB.")
    image_b = serializers.FileField(allow_empty_file=True)
    model = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        help_text="Name or id of a model version; else the active.",
    )


class ComparisonList(ApiView):
    """Compares two pictures. With `Prefer: wait=N` the answer comes when it is there, after N seconds at most."""

    def post(self, request: Request) -> Response:
        form = ComparisonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        comparison = comparison_submit(user_of(request), **form.validated_data)
        return _comparison(request, comparison.pk)


class ComparisonDetail(ApiView):
    """A comparison of one's own, for some minutes."""

    def get(self, request: Request, comparison_id: str) -> Response:
        return _comparison(request, comparison_id)


class MayIdentify(BasePermission):
    """Staff who were given the permission to add identifications."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return may_identify(user_of(request))


class IdentificationList(ApiView):
    """Searches for the people whom a picture resembles. `Prefer: wait=N` as for comparisons."""

    permission_classes = [IsAuthenticated, MayIdentify]

    def post(self, request: Request) -> Response:
        form = ImageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        identification = identification_submit(user_of(request), form.validated_data["image"])
        return _identification(request, identification.pk)


class IdentificationDetail(ApiView):
    """An identification of one's own."""

    permission_classes = [IsAuthenticated, MayIdentify]

    def get(self, request: Request, identification_id: str) -> Response:
        return _identification(request, identification_id)


def _identification(request: Request, identification_id: str) -> Response:
    user, seconds = user_of(request), wait_seconds(request)
    identification = inquiry_wait(Identification, identification_id, user, seconds=seconds)
    content = {"candidates": candidates_of(identification), "box": identification.answer.get("box")}
    return _answer(identification, content)


def _comparison(request: Request, comparison_id: str) -> Response:
    comparison = inquiry_wait(Comparison, comparison_id, user_of(request), seconds=wait_seconds(request))
    empty: dict[str, Any] = {
        "matched": None,
        "measure": None,
        "similarity": None,
        "distance": None,
        "threshold": None,
        "threshold_distance": None,
        "fmr": None,
        "boxes": [],
        "crops": [],
    }
    return _answer(comparison, empty | comparison.answer)


def _answer(inquiry: Inquiry, content: dict[str, Any]) -> Response:
    body = {
        "id": inquiry.pk,
        "state": inquiry.state,
        **content,
        "model": inquiry.model_version.name,
        "reasons": reasons_of(inquiry.reasons),
    }
    pending = inquiry.state == Inquiry.State.PENDING
    return Response(body, status=status.HTTP_202_ACCEPTED if pending else status.HTTP_200_OK)
