"""What every template may ask for."""

from django.conf import settings
from django.http import HttpRequest


def policy(request: HttpRequest) -> dict[str, str]:
    """Where a face counts at sign-in."""
    return {"face_sign_in": settings.FACE_SIGN_IN, "liveness": settings.LIVENESS}
