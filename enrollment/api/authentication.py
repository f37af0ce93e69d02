"""Who sends a request: a person's app, or a browser.

An app names itself by a header, never by a cookie: `X-Session-Token` is the session of whoever signed in there, and
`X-Device-Key` a secret that the app made up, for as long as nobody has. A page of another site can send neither without
the browser asking this site first, which does not answer; so apps need no CSRF token.
"""

import re
from collections.abc import Callable

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.headless.internal.sessionkit import new_session
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from enrollment.errors import DeviceKeyTooShort

TOKEN_HEADER, DEVICE_HEADER = "X-Session-Token", "X-Device-Key"
# The API, accounts for apps, and the cut-outs of one's own pictures, which the API's answers point to.
APP_PATHS = ("/api/", "/_allauth/", "/face/samples/")
SHORTEST_DEVICE_KEY = 32
WELL_FORMED = re.compile(r"[a-z0-9]{32}")


class AppSessionMiddleware:
    """Shows an app's request the session of its token, or an empty one, and never that of a cookie.

    It comes before the middleware that asks who somebody is, so that what holds for browsers holds for apps.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(APP_PATHS) or not is_app(request):
            return self.get_response(request)
        of_cookie = request.session
        request.session = request.app_session = _session_of(request)  # type: ignore[attr-defined]
        try:
            return self.get_response(request)
        finally:
            _keep(request.session)
            request.session = of_cookie
            request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False  # signing in would set a cookie


class AppAuthentication(BaseAuthentication):
    """The person of a token, or somebody unknown on a device. What is not valid ends here: cookies do not count."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser | AnonymousUser, None] | None:
        http: HttpRequest = request._request
        if not is_app(http):
            return None
        if not hasattr(http, "app_session"):
            raise AuthenticationFailed("The site is not set up for apps.")
        if TOKEN_HEADER in http.headers:
            return _user_of_token(http), None
        if len(http.headers[DEVICE_HEADER]) < SHORTEST_DEVICE_KEY:
            raise DeviceKeyTooShort
        return AnonymousUser(), None

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class BrowserAuthentication(SessionAuthentication):
    """The site's own session cookie. Asks for the CSRF token of anonymous browsers too, which DRF would let off."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser | AnonymousUser, None] | None:
        self.enforce_csrf(request)
        return super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return "Session"


def is_app(request: HttpRequest) -> bool:
    return TOKEN_HEADER in request.headers or DEVICE_HEADER in request.headers


def device_key_of(request: HttpRequest) -> str | None:
    """The secret of an app in which nobody is signed in or signing in."""
    return None if TOKEN_HEADER in request.headers else request.headers.get(DEVICE_HEADER)


def _user_of_token(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """Whose token it is; nobody yet for a sign-in that waits for its next step."""
    if request.user.is_authenticated or LOGIN_SESSION_KEY in request.session:
        return request.user
    raise AuthenticationFailed("This session token is not valid, or no longer. Sign in again.")


def _session_of(request: HttpRequest) -> SessionBase:
    token = request.headers.get(TOKEN_HEADER, "")
    known = SessionTokenStrategy().lookup_session(token) if WELL_FORMED.fullmatch(token) else None
    session: SessionBase = new_session() if known is None else known
    return session


def _keep(session: SessionBase) -> None:
    """Saves what the request changed; a session that was ended meanwhile stays ended."""
    if not session.modified or session.is_empty():
        return
    try:
        session.save()
    except UpdateError:
        return
