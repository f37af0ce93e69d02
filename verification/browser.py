"""What ties a verification session to the browser or app that opened it."""

import secrets

from django.http import HttpRequest
from rest_framework.request import Request

from enrollment.api.authentication import device_key_of
from enrollment.crypto import keyed_digest

SESSION_SLOT = "verification_browser"


def browser_key(request: HttpRequest | Request, *, create: bool = False) -> str:
    """Digest of a secret that an app sends, or that lives in the session of a browser or of an app's token.

    A browser without one matches nothing.
    """
    device_key = device_key_of(request)
    if device_key is not None:
        return keyed_digest(device_key.encode(), context="device")
    secret = request.session.get(SESSION_SLOT)
    if secret is None:
        secret = secrets.token_urlsafe(24)
        if create:
            request.session[SESSION_SLOT] = secret
    return keyed_digest(secret.encode(), context="browser")
