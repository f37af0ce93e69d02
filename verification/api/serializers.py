from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from enrollment.api.images import ImagesField
from enrollment.reasons import Reason
from verification.challenge import MAX_FRAME_SIDE_PX, MAX_FRAMES, MIN_FRAMES, Action
from verification.models import VerificationSession
from verification.policy import FaceSignIn

SESSION_REASONS = {
    "no_match": "This could not be confirmed. Try again in good light, or use your password.",
    "service_unavailable": "Face checks are not answering at the moment. Please use your password.",
    "expired": "This took too long. Please start again.",
}


class SessionOpenSerializer(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(
        choices=VerificationSession.Purpose.choices,
        help_text="`sign_in` opens an account. The signed-in person is asked to `verify` with a picture, or to"
        " `step_up` with a challenge before something that matters.",
    )
    login = serializers.CharField(
        max_length=254,
        required=False,
        help_text="User name or e-mail; for `sign_in`. Not needed where a password was given first.",
    )
    image = ImagesField(
        max_length=1,
        required=False,
        help_text="With `verify` alone: the picture at once. The answer is then that of the session once it is decided,"
        " as after sending the picture apart.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = settings.FACE_SIGN_IN == FaceSignIn.PASSWORDLESS
        sign_in = attrs["purpose"] == VerificationSession.Purpose.SIGN_IN
        if sign_in and needed and not attrs.get("login", "").strip():
            raise serializers.ValidationError({"login": ["Enter your account name."]})
        if "image" in attrs and attrs["purpose"] != VerificationSession.Purpose.VERIFY:
            raise serializers.ValidationError({"image": ["Only `verify` takes a picture at once."]})
        return attrs


class FramesSerializer(serializers.Serializer[Any]):
    image = ImagesField(
        max_length=MAX_FRAMES,
        help_text="One JPEG, PNG or WebP, at most 5 MB; with a challenge its frames in order, facing the camera first.",
    )


class SessionReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class ChallengeSerializer(serializers.Serializer[Any]):
    actions = serializers.ListField(
        child=serializers.ChoiceField(choices=[action.value for action in Action]),
        help_text="To be done in this order.",
    )
    min_frames = serializers.IntegerField()
    max_frames = serializers.IntegerField()
    max_side_px = serializers.IntegerField(help_text="Of a frame; larger ones are refused.")


class NextStepSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=["sign_in_step_required"])
    flow = serializers.CharField(
        help_text="Such as `mfa_authenticate`, or `verify_email`: go on below `/_allauth/app/v1/`."
    )
    session_token = serializers.CharField(
        help_text="For that step alone, in `X-Session-Token`; nobody is signed in by it. There once."
    )


class SessionSerializer(serializers.ModelSerializer[VerificationSession]):
    reason = serializers.SerializerMethodField()
    challenge = serializers.SerializerMethodField()
    session_token = serializers.SerializerMethodField(
        help_text="Of an app's `sign_in` that succeeded. There once: whoever asks again gets null."
    )
    next_step = serializers.SerializerMethodField(
        help_text="In place of the token, where the account asks for more than a face."
    )

    class Meta:
        model = VerificationSession
        fields = (
            "id",
            "purpose",
            "state",
            "reason",
            "challenge",
            "expires_at",
            "session_token",
            "next_step",
        )

    def get_session_token(self, session: VerificationSession) -> str | None:
        return None  # what is kept of a session yields none; see `verification.api.tokens`

    @extend_schema_field(NextStepSerializer(allow_null=True))
    def get_next_step(self, session: VerificationSession) -> None:
        return None

    @extend_schema_field(SessionReasonSerializer(allow_null=True))
    def get_reason(self, session: VerificationSession) -> dict[str, str] | None:
        if not session.reason:
            return None
        message = SESSION_REASONS.get(session.reason) or str(Reason(session.reason).label)
        return {"code": session.reason, "message": message}

    @extend_schema_field(ChallengeSerializer(allow_null=True))
    def get_challenge(self, session: VerificationSession) -> dict[str, Any] | None:
        if not session.challenge:
            return None
        return {
            "actions": session.challenge,
            "min_frames": MIN_FRAMES,
            "max_frames": MAX_FRAMES,
            "max_side_px": MAX_FRAME_SIDE_PX,
        }
