"""What ties a verification session to the browser that opened it."""

import secrets

from django.http import HttpRequest

from enrollment.crypto import keyed_digest

SESSION_SLOT = "verification_browser"


def browser_key(request: HttpRequest, *, create: bool = False) -> str:
    """Digest of a secret that lives in the browser's Django session; a browser without one matches nothing."""
    secret = request.session.get(SESSION_SLOT) or secrets.token_urlsafe(24)
    if create:
        request.session[SESSION_SLOT] = secret
    return keyed_digest(secret.encode(), context="browser")
