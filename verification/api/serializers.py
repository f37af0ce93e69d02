from typing import Any

from rest_framework import serializers

from enrollment.reasons import Reason
from verification.challenge import MAX_FRAME_SIDE_PX, MAX_FRAMES, MIN_FRAMES
from verification.models import VerificationSession

SESSION_REASONS = {
    "no_match": "This could not be confirmed. Try again in good light, or use your password.",
    "service_unavailable": "Face checks are not answering at the moment. Please use your password.",
    "expired": "This took too long. Please start again.",
}


class SessionOpenSerializer(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=VerificationSession.Purpose.choices)
    login = serializers.CharField(
        max_length=254, required=False, help_text="User name or e-mail; for `sign_in`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["purpose"] == VerificationSession.Purpose.SIGN_IN and not attrs.get("login", "").strip():
            raise serializers.ValidationError({"login": "Enter your account name."})
        return attrs


class FramesSerializer(serializers.Serializer[Any]):
    image = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        min_length=1,
        max_length=MAX_FRAMES,
        help_text="One JPEG, PNG or WebP, at most 5 MB; with a challenge its frames in order, facing the camera first.",
    )


class SessionSerializer(serializers.ModelSerializer[VerificationSession]):
    reason = serializers.SerializerMethodField()
    challenge = serializers.SerializerMethodField()

    class Meta:
        model = VerificationSession
        fields = ("id", "purpose", "state", "reason", "challenge", "expires_at")

    def get_reason(self, session: VerificationSession) -> dict[str, str] | None:
        if not session.reason:
            return None
        message = SESSION_REASONS.get(session.reason) or str(Reason(session.reason).label)
        return {"code": session.reason, "message": message}

    def get_challenge(self, session: VerificationSession) -> dict[str, Any] | None:
        if not session.challenge:
            return None
        return {
            "actions": session.challenge,
            "min_frames": MIN_FRAMES,
            "max_frames": MAX_FRAMES,
            "max_side_px": MAX_FRAME_SIDE_PX,
        }
