"""Who am I, and what can I do?"""

from datetime import UTC, datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView
from enrollment.api.consents import StandingConsentsSerializer, consents_json
from enrollment.api.serializers import AnchorsSerializer, anchors_json
from enrollment.models import User
from enrollment.reauthentication import is_fresh, is_strong
from enrollment.selectors import anchor_status, may_sign_in_by_face, subject_of, user_of


class FaceSignInSerializer(serializers.Serializer[Any]):
    possible = serializers.BooleanField(help_text="With what is enrolled and agreed to now.")
    policy = serializers.ChoiceField(
        choices=["passwordless", "second_factor", "off"], help_text="Where a face counts on this site."
    )


class MethodSerializer(serializers.Serializer[Any]):
    method = serializers.CharField(help_text="Such as `password`, `mfa`, `code` or `face`.")
    at = serializers.DateTimeField()


class OpenedSerializer(serializers.Serializer[Any]):
    methods = MethodSerializer(many=True, help_text="What was shown to open this session, and since.")
    face_only = serializers.BooleanField(help_text="Opened by a face alone: it changes nothing that matters.")
    fresh = serializers.BooleanField(help_text="Something other than a face was shown within 15 minutes.")


class MeSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    email = serializers.CharField()
    email_verified = serializers.BooleanField()
    consents = StandingConsentsSerializer()
    anchors = AnchorsSerializer()
    face_sign_in = FaceSignInSerializer()
    session = OpenedSerializer()


class Me(ApiView):
    """The person who asks."""

    @extend_schema(operation_id="me_read", summary="Who am I", responses={200: MeSerializer}, tags=["me"])
    def get(self, request: Request) -> Response:
        user = user_of(request)
        subject = subject_of(user)
        possible = may_sign_in_by_face(subject)
        return Response(
            {
                "username": user.get_username(),
                "email": user.email,
                "email_verified": _is_verified(user),
                "consents": consents_json(user),
                "anchors": anchors_json(anchor_status(subject)),
                "face_sign_in": {"possible": possible, "policy": settings.FACE_SIGN_IN},
                "session": _opened(request, user),
            }
        )


def _is_verified(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())


def _opened(request: Request, user: User) -> dict[str, Any]:
    records = get_authentication_records(request, user)
    methods = [{"method": r["method"], "at": datetime.fromtimestamp(r["at"], tz=UTC)} for r in records]
    return {"methods": methods, "face_only": not is_strong(request), "fresh": is_fresh(request)}
