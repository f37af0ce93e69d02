"""What every template may ask for."""

from django.conf import settings
from django.http import HttpRequest


def policy(request: HttpRequest) -> dict[str, str | int]:
    """Where a face counts at sign-in, and how large a picture may be."""
    return {
        "face_sign_in": settings.FACE_SIGN_IN,
        "liveness": settings.LIVENESS,
        "max_bytes": settings.FACE_MAX_IMAGE_BYTES,
    }
