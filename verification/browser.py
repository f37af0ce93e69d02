"""What ties a verification session to the browser that opened it."""

import secrets

from django.http import HttpRequest

from enrollment.crypto import keyed_digest

SESSION_SLOT = "verification_browser"


def browser_key(request: HttpRequest) -> str:
    """Digest of a secret that lives in the browser's Django session; made at first use."""
    secret = request.session.get(SESSION_SLOT)
    if not secret:
        secret = request.session[SESSION_SLOT] = secrets.token_urlsafe(24)
    return keyed_digest(secret.encode(), context="browser")
