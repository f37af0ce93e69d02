"""Who a request comes from, as far as limits and idempotency keys go."""

from typing import Any

from rest_framework.request import Request

from enrollment.crypto import keyed_digest
from enrollment.models import User

DEVICE_HEADER = "X-Device-Key"


def caller_of(request: Request) -> str:
    """The account, service key, app or browser that asks; empty for somebody without any of these."""
    user: Any = request.user
    if isinstance(user, User):
        return f"user:{user.pk}"
    if user.is_authenticated:
        return f"key:{request.auth.pk}"
    device = request.headers.get(DEVICE_HEADER, "")
    if device:
        return "device:" + keyed_digest(device.encode(), context="device")
    return "" if request.session.is_empty() else f"session:{request.session.session_key}"
