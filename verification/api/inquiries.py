"""Questions about pictures that the caller brings."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView
from enrollment.api.idempotency import REPLAYED_HEADER
from enrollment.api.images import ImageField
from enrollment.api.permissions import HasScope, IsPersonOrHasScope, asker_of, has_scope
from enrollment.api.schema import WAITING, problems
from enrollment.api.serializers import BoxSerializer, ImageSerializer
from enrollment.api.waiting import wait_seconds
from enrollment.models import StoredAnswer
from enrollment.models.service_key import Scope
from verification.models import Comparison, Identification, Inquiry
from verification.reasons import reasons_of
from verification.selectors import candidates_of
from verification.services import comparison_submit, identification_submit, inquiry_wait

SCORES = ("similarity", "threshold")


class ComparisonSerializer(serializers.Serializer[Any]):
    image_a = ImageField()
    image_b = ImageField()
    model = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        help_text="Name or id of a model version; else the active.",
    )


class PictureReasonSerializer(serializers.Serializer[Any]):
    picture = serializers.CharField(help_text="Which picture is at fault; empty if none is.")
    code = serializers.CharField()
    message = serializers.CharField()


class InquirySerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    state = serializers.ChoiceField(Inquiry.State.choices, help_text="`void`: no answer; see `reasons`.")
    model = serializers.CharField(help_text="The model version that answers.")
    reasons = PictureReasonSerializer(many=True)


class ComparisonAnswerSerializer(InquirySerializer):
    matched = serializers.BooleanField(allow_null=True)
    measure = serializers.ChoiceField(["cosine", "distance", "probability"], allow_null=True)
    similarity = serializers.FloatField(allow_null=True, help_text="Higher is closer.")
    distance = serializers.FloatField(allow_null=True)
    threshold = serializers.FloatField(allow_null=True, help_text="Matched from this similarity on.")
    threshold_distance = serializers.FloatField(allow_null=True)
    fmr = serializers.FloatField(allow_null=True, help_text="The false match rate that the threshold holds.")
    boxes = BoxSerializer(many=True)
    crops = serializers.ListField(
        child=serializers.CharField(), help_text="What the network sees, as data URIs."
    )


class CandidateSerializer(serializers.Serializer[Any]):
    subject = serializers.UUIDField(allow_null=True, help_text="Null if erased meanwhile.")
    external_id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    matched = serializers.BooleanField()
    similarity = serializers.FloatField(required=False, help_text="With the scope `scores` alone.")
    threshold = serializers.FloatField(required=False, help_text="With the scope `scores` alone.")


class IdentificationAnswerSerializer(InquirySerializer):
    candidates = CandidateSerializer(many=True)
    box = BoxSerializer(allow_null=True)


class ComparisonList(ApiView):
    """Compares two pictures."""

    permission_classes = [IsPersonOrHasScope]
    scope = Scope.VERIFY

    @extend_schema(
        operation_id="compare",
        summary="Do two pictures show the same person?",
        description="Nothing of them is kept. For people, and for keys with the scope `verify`.",
        parameters=WAITING,
        request=ComparisonSerializer,
        responses={200: ComparisonAnswerSerializer, 202: ComparisonAnswerSerializer}
        | problems(409, 413, 415, 422),
        tags=["compare"],
    )
    def post(self, request: Request) -> Response:
        form = ComparisonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        comparison = comparison_submit(asker_of(request), **form.validated_data)
        return _comparison(request, comparison.pk)


class ComparisonDetail(ApiView):
    """A comparison of one's own, for some minutes."""

    permission_classes = [IsPersonOrHasScope]
    scope = Scope.VERIFY

    @extend_schema(
        operation_id="compare_read",
        summary="Read a comparison of one's own",
        parameters=WAITING,
        responses={200: ComparisonAnswerSerializer, 202: ComparisonAnswerSerializer} | problems(404),
        tags=["compare"],
    )
    def get(self, request: Request, comparison_id: str) -> Response:
        return _comparison(request, comparison_id)


class IdentificationList(ApiView):
    """Searches for the people whom a picture resembles."""

    permission_classes = [HasScope]
    scope = Scope.IDENTIFY

    @extend_schema(
        operation_id="identify",
        summary="Whose face is this?",
        description="Staff search among everybody, a key with the scope `identify` among subjects without accounts. "
        "Without the scope `scores` the answer names those who matched, and no numbers.",
        parameters=WAITING,
        request=ImageSerializer,
        responses={200: IdentificationAnswerSerializer, 202: IdentificationAnswerSerializer}
        | problems(409, 413, 415, 422),
        tags=["identify"],
    )
    def post(self, request: Request) -> Response:
        form = ImageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        identification = identification_submit(asker_of(request), form.validated_data["image"])
        return _identification(request, identification.pk)

    def replayed(self, request: Request, claim: StoredAnswer) -> Response:
        """Whom the picture resembles is told as it is now: people are erased, and rights taken away."""
        answer = super().replayed(request, claim)
        if answer.status_code >= 400:
            return answer
        found = _identification(request, claim.answer["id"])
        found.headers[REPLAYED_HEADER] = answer.headers[REPLAYED_HEADER]
        return found


class IdentificationDetail(ApiView):
    """An identification of one's own."""

    permission_classes = [HasScope]
    scope = Scope.IDENTIFY

    @extend_schema(
        operation_id="identify_read",
        summary="Read a search of one's own",
        parameters=WAITING,
        responses={200: IdentificationAnswerSerializer, 202: IdentificationAnswerSerializer} | problems(404),
        tags=["identify"],
    )
    def get(self, request: Request, identification_id: str) -> Response:
        return _identification(request, identification_id)


def _identification(request: Request, identification_id: str) -> Response:
    asker, seconds = asker_of(request), wait_seconds(request)
    identification = inquiry_wait(Identification, identification_id, asker, seconds=seconds)
    scores = has_scope(request, Scope.SCORES)
    candidates = [
        _candidate(candidate, scores=scores)
        for candidate in candidates_of(identification)
        if scores or candidate["matched"]
    ]
    return _answer(identification, {"candidates": candidates, "box": identification.answer.get("box")})


def _candidate(candidate: dict[str, Any], *, scores: bool) -> dict[str, Any]:
    told = {name: candidate[name] for name in ("external_id", "name", "matched", *(SCORES if scores else ()))}
    return {"subject": candidate["public_id"]} | told


def _comparison(request: Request, comparison_id: str) -> Response:
    comparison = inquiry_wait(Comparison, comparison_id, asker_of(request), seconds=wait_seconds(request))
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
