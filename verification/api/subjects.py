"""Is this the subject? For backends, about people without accounts."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView
from enrollment.api.permissions import HasScope, has_scope, key_of
from enrollment.api.schema import WAITING, problems
from enrollment.api.serializers import ImageSerializer, ReasonSerializer
from enrollment.api.subjects import subject_or_404
from enrollment.api.waiting import wait_seconds
from enrollment.models.service_key import Scope
from verification.models import Attempt
from verification.reasons import reasons_of
from verification.services import subject_verification_wait, subject_verify


class VerificationSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    state = serializers.ChoiceField(
        Attempt.State.choices, help_text="`void`: nothing was compared; see `reasons`."
    )
    matched = serializers.BooleanField(allow_null=True, help_text="Null until it is decided.")
    reasons = ReasonSerializer(many=True)
    similarity = serializers.FloatField(
        required=False, allow_null=True, help_text="With the scope `scores` alone."
    )
    threshold = serializers.FloatField(
        required=False, allow_null=True, help_text="With the scope `scores` alone."
    )


class SubjectVerifications(ApiView):
    """Compares a picture with a subject's anchors."""

    queues_face_check = True
    permission_classes = [HasScope]
    scope = Scope.VERIFY

    @extend_schema(
        operation_id="subjects_verify",
        summary="Verify a picture against a subject",
        description="After five failures a subject is locked for a while, as everybody is; only staff unlock early.",
        parameters=WAITING,
        request=ImageSerializer,
        responses={200: VerificationSerializer, 202: VerificationSerializer}
        | problems(404, 409, 413, 415, 422, 429),
        tags=["subjects"],
    )
    def post(self, request: Request, subject_id: UUID) -> Response:
        subject = subject_or_404(subject_id)
        form = ImageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        session = subject_verify(key_of(request), subject, form.validated_data["image"])
        return _answer(request, subject_id, session.pk)


class SubjectVerification(ApiView):
    """A verification that this key asked for."""

    permission_classes = [HasScope]
    scope = Scope.VERIFY

    @extend_schema(
        operation_id="subjects_verify_read",
        summary="Read the verdict on a subject",
        parameters=WAITING,
        responses={200: VerificationSerializer, 202: VerificationSerializer} | problems(404),
        tags=["subjects"],
    )
    def get(self, request: Request, subject_id: UUID, verification_id: str) -> Response:
        return _answer(request, subject_id, verification_id)


def _answer(request: Request, subject_id: UUID, session_id: str) -> Response:
    subject, seconds = subject_or_404(subject_id), wait_seconds(request)
    session = subject_verification_wait(key_of(request), subject, session_id, seconds=seconds)
    attempt = session.attempts.defer("sealed_probe").first()
    if attempt is None:  # the subject was erased meanwhile
        raise Http404
    body: dict[str, Any] = {
        "id": session.pk,
        "state": attempt.state,
        "matched": _matched(attempt),
        "reasons": reasons_of([{"code": attempt.reason}]) if attempt.reason else [],
    }
    if has_scope(request, Scope.SCORES):
        body |= {"similarity": attempt.similarity, "threshold": attempt.threshold}
    pending = attempt.state == Attempt.State.PENDING
    return Response(body, status=status.HTTP_202_ACCEPTED if pending else status.HTTP_200_OK)


def _matched(attempt: Attempt) -> bool | None:
    """By the attempt, as its state is: the session may have been read before the two were decided."""
    if attempt.state != Attempt.State.DECIDED:
        return None
    return attempt.decision == Attempt.Decision.MATCH
