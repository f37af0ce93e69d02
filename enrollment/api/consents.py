"""What a person agrees to."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView
from enrollment.models import Consent, User
from enrollment.reauthentication import require_fresh
from enrollment.selectors import standing_consents, subject_of, user_of
from enrollment.services import CONSENT_TEXT_VERSION, consents_give


class ConsentsSerializer(serializers.Serializer[Any]):
    sign_in = serializers.BooleanField(help_text="False erases the face.")
    training = serializers.BooleanField(default=False)


class Consents(ApiView):
    """The consents that stand; a PUT replaces them, after a fresh sign-in without the face."""

    def get(self, request: Request) -> Response:
        return Response(_payload(user_of(request)))

    def put(self, request: Request) -> Response:
        form = ConsentsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        require_fresh(request)
        consents_give(user_of(request), {name for name, given in form.validated_data.items() if given})
        return Response(_payload(user_of(request)))


def _payload(user: User) -> dict[str, Any]:
    consents = standing_consents(subject_of(user))
    return {"text_version": CONSENT_TEXT_VERSION} | {name: _json(given) for name, given in consents.items()}


def _json(consent: Consent | None) -> dict[str, Any]:
    if consent is None:
        return {"given": False}
    return {"given": True, "text_version": consent.text_version, "given_at": consent.granted_at}
