"""What a person agrees to."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView
from enrollment.api.schema import problems
from enrollment.models import Consent, User
from enrollment.policy import consent_text
from enrollment.reauthentication import require_fresh
from enrollment.selectors import standing_consents, subject_of, user_of
from enrollment.services import consents_give


class ConsentsSerializer(serializers.Serializer[Any]):
    sign_in = serializers.BooleanField(help_text="False erases the face.")
    training = serializers.BooleanField(default=False)


class ConsentSerializer(serializers.Serializer[Any]):
    given = serializers.BooleanField()
    text_version = serializers.CharField(required=False, help_text="Of the text that was agreed to.")
    given_at = serializers.DateTimeField(required=False)


class StandingConsentsSerializer(serializers.Serializer[Any]):
    text_version = serializers.CharField(help_text="Of the text that is shown now.")
    sign_in = ConsentSerializer()
    training = ConsentSerializer()


class Consents(ApiView):
    """The consents that stand; a PUT replaces them, after a fresh sign-in without the face."""

    @extend_schema(
        operation_id="consents_read",
        summary="What I agreed to",
        responses={200: StandingConsentsSerializer},
        tags=["me"],
    )
    def get(self, request: Request) -> Response:
        return Response(consents_json(user_of(request)))

    @extend_schema(
        operation_id="consents_replace",
        summary="Agree, or take it back",
        request=ConsentsSerializer,
        responses={200: StandingConsentsSerializer} | problems(409),
        tags=["me"],
    )
    def put(self, request: Request) -> Response:
        form = ConsentsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        require_fresh(request)
        consents_give(user_of(request), {name for name, given in form.validated_data.items() if given})
        return Response(consents_json(user_of(request)))


def consents_json(user: User) -> dict[str, Any]:
    """What a person agreed to, by purpose."""
    consents = standing_consents(subject_of(user))
    return {"text_version": consent_text()} | {name: _json(given) for name, given in consents.items()}


def _json(consent: Consent | None) -> dict[str, Any]:
    if consent is None:
        return {"given": False}
    return {"given": True, "text_version": consent.text_version, "given_at": consent.granted_at}
