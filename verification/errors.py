"""Errors of verification; see `enrollment.errors.DomainError`."""

from enrollment.errors import DomainError


class SessionNotFound(DomainError):
    code = "not_found"
    detail = "There is no such verification session."


class PurgeIncomplete(DomainError):
    """Some of what was to be erased is still there. `erased` counts the rest."""

    code = "purge_incomplete"

    def __init__(self, erased: dict[str, int], failed: list[str]):
        self.erased = erased
        super().__init__(f"Could not be erased: {', '.join(failed)}. The log tells why; run it again.")


class SessionClosed(DomainError):
    code = "session_closed"
    detail = "This verification session is over. Start again."


class FrameInProgress(DomainError):
    code = "frame_in_progress"
    detail = "The last picture is still being looked at."


class FramesRefused(DomainError):
    code = "frames_refused"
    detail = "These are not the pictures that the challenge needs."


class TooManyAttempts(DomainError):
    code = "too_many_attempts"
    detail = "Too many failed tries. Wait a little, or use your password."


class FaceSignInOff(DomainError):
    code = "too_many_attempts"
    detail = "Face sign-in is switched off after many failed tries. Sign in with your password to switch it on again."


class TooManyCodes(DomainError):
    code = "too_many_attempts"
    detail = "Codes were sent to you several times. Look for the last one, or wait a minute."


class WrongCode(DomainError):
    code = "wrong_code"
    detail = "This code is wrong or too old. You can have another one sent."


class FaceSignInClosed(DomainError):
    code = "face_sign_in_closed"
    detail = "Sign in with your password or passkey."


class ServiceUnavailable(DomainError):
    code = "service_unavailable"
    detail = "Face checks are not available at the moment. Please use your password."


class Overloaded(DomainError):
    code = "overloaded"
    detail = (
        "More faces are waiting to be checked than can be answered in time. Please try again in a moment."
    )


class FaceNotReady(DomainError):
    code = "face_not_ready"
    detail = "Add enough pictures of your face first."


class SubjectNotReady(DomainError):
    code = "face_not_ready"
    detail = "Add enough pictures of this subject first; after a change of wording, assert consent anew."


class InquiryNotFound(DomainError):
    code = "not_found"
    detail = "There is no such comparison or search, or it has been erased."


class InquiryInProgress(DomainError):
    code = "inquiry_in_progress"
    detail = "Your last pictures are still being looked at."


class UnknownModel(DomainError):
    code = "unknown_model"
    detail = "There is no model version of this name or id."
