"""Middleware of the site: a request id for every answer, limits, who asks, and from where."""

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.urls import resolve
from django.utils import timezone

from enrollment.origin import origin_of, source_of
from enrollment.reauthentication import is_strong
from faceverify_site.errors import domain_problem, problem
from verification.errors import Overloaded
from verification.services import door

DRAINED_BYTES, CHUNK_BYTES = 64 * 1024 * 1024, 64 * 1024
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id, or takes a well-formed one from it: in `X-Request-ID`, problem answers and logs."""

    WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = request.headers.get("X-Request-ID", "")
        request.request_id = told if self.WELL_FORMED.fullmatch(told) else secrets.token_hex(8)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class IsolationMiddleware:
    """Keeps other sites from embedding what this one serves, and every device but the camera out of reach."""

    PERMISSIONS = (
        "camera=(self), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(), hid=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class PrivatePagesMiddleware:
    """Keeps what is shown to somebody signed in out of every cache: "Back" after signing out shows it to nobody."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        response = self.get_response(request)
        if was_signed_in or request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class StaffSessionMiddleware:
    """Ends a staff session that a face alone opened, also where somebody became staff after signing in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and (user.is_staff or user.is_superuser) and not is_strong(request):
            logout(request)
        return self.get_response(request)


class LastSeenMiddleware:
    """Keeps the list of a person's devices: from where each was used, and when, to the minute."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.session.session_key and not self._is_known(request):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def _is_known(self, request: HttpRequest) -> bool:
        key, user, address = request.session.session_key, request.user.pk, source_of(request)
        name = f"{key}:{user}:{address}"
        if caches["seen"].get(name):
            return True
        lately = timezone.now() - timedelta(minutes=1)
        rows = UserSession.objects.filter(session_key=key, user_id=user, ip=address, last_seen_at__gt=lately)
        last = rows.values_list("last_seen_at", flat=True).first()
        if last is None:
            return False
        caches["seen"].set(name, True, timeout=(last - lately).total_seconds())
        return True


class OriginMiddleware:
    """Lets the audit log know who asks, and from where."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with origin_of(request):
            return self.get_response(request)


class BodyLimitMiddleware:
    """Refuses a body from its announced length, before any of it is parsed or kept."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _length(request) > settings.DATA_UPLOAD_MAX_BODY_BYTES:
            _drain(request)
            limit = settings.DATA_UPLOAD_MAX_BODY_BYTES // 2**20
            return problem(
                request, status=413, code="file_too_large", detail=f"Send at most {limit} MB at once."
            )
        return self.get_response(request)


class OverloadMiddleware:
    """Turns face checks away while too many wait, before anything is asked about whoever comes.

    A refusal then takes a fifth of the time, which is what keeps it quick where it matters. Whoever gets through is
    checked once more where the picture is queued.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Who repeats a request by its key gets the answer of then.
        is_new = request.method == "POST" and "Idempotency-Key" not in request.headers
        if door.is_shut and is_new and _queues_face_check(request):
            try:
                door.check()
            except Overloaded as error:
                _drain(request)
                return domain_problem(request, error)
        return self.get_response(request)


def _queues_face_check(request: HttpRequest) -> bool:
    try:
        request.resolver_match = resolve(request.path_info)  # the log and the metrics name it
    except Http404:
        return False
    return bool(getattr(getattr(request.resolver_match.func, "cls", None), "queues_face_check", False))


def _length(request: HttpRequest) -> int:
    """Of the body, as announced; 0 if it is not."""
    told = request.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() else 0


def _drain(request: HttpRequest) -> None:
    """Reads the body away, so that the client gets to read the answer instead of a broken connection."""
    left = min(_length(request), DRAINED_BYTES)
    with suppress(UnreadablePostError):  # who left does not read the answer
        while left > 0 and (chunk := request.read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
