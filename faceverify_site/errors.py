"""Where errors become answers: problem+json (RFC 9457) for the API, pages for people."""

import logging
import math
import re
import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.views import defaults
from rest_framework import exceptions
from rest_framework.request import Request

from enrollment.errors import DomainError, SealBroken

logger = logging.getLogger(__name__)

# Codes of DomainError that are not 422.
STATUS_BY_CODE = {
    "changed_meanwhile": 409,
    "archive_too_large": 413,
    "consent_missing": 403,
    "device_key_too_short": 401,
    "duplicate_image": 409,
    "face_not_ready": 409,
    "face_sign_in_closed": 403,
    "file_too_large": 413,
    "frame_in_progress": 409,
    "idempotency_in_progress": 409,
    "idempotency_key_of_nobody": 400,
    "illegal_transition": 409,
    "inquiry_in_progress": 409,
    "not_found": 404,
    "not_measured": 409,
    "not_promotable": 409,
    "nothing_to_roll_back": 409,
    "overloaded": 503,
    "promotion_open": 409,
    "refuses_too_many": 409,
    "reauthentication_required": 403,
    "seal_broken": 503,
    "service_unavailable": 503,
    "session_closed": 409,
    "storage_full": 503,
    "templates_missing": 409,
    "subject_exists": 409,
    "too_many_anchors": 409,
    "too_many_attempts": 429,
    "training_open": 409,
    "unsupported_type": 415,
}
CODE_BY_EXCEPTION = {
    exceptions.AuthenticationFailed: "not_authenticated",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.NotFound: "not_found",
    exceptions.ParseError: "unreadable_request",
    exceptions.PermissionDenied: "permission_denied",
    exceptions.Throttled: "too_many_requests",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.ValidationError: "invalid",
}
RETRY_WHEN_UNAVAILABLE_SECONDS = 30
DATABASE_AWAY_SECONDS = 5


def problem(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    retry_after: int | None = None,
    more: dict[str, Any] | None = None,
) -> JsonResponse:
    """An RFC 9457 answer with a stable code."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    body["request_id"] = getattr(request, "request_id", "")
    if retry_after is not None:
        body["retry_after_seconds"] = retry_after
    response = JsonResponse(body | (more or {}), status=status, content_type="application/problem+json")
    response["Cache-Control"] = "no-store"
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def problem_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. Unknown errors go on to Django, which answers 500 without a trace."""
    request: Request = context["request"]
    if isinstance(error, DomainError):
        return domain_problem(request, error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, RecursionError):  # JSON nested thousands of times
        error = exceptions.ParseError()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    code = next((code for kind, code in CODE_BY_EXCEPTION.items() if isinstance(error, kind)), "error")
    more = {"errors": error.detail} if isinstance(error, exceptions.ValidationError) else {}
    detail = "The request is not complete or not valid." if more else str(error.detail)
    retry = math.ceil(getattr(error, "wait", None) or 1) if isinstance(error, exceptions.Throttled) else None
    return problem(request, status=error.status_code, code=code, detail=detail, retry_after=retry, more=more)


def domain_problem(request: Request | HttpRequest, error: DomainError) -> HttpResponse:
    """The answer of an error that the apps foresaw."""
    status = STATUS_BY_CODE.get(error.code, 422)
    retry = error.retry_after_seconds
    if retry is None and status == HTTPStatus.SERVICE_UNAVAILABLE:
        retry = RETRY_WHEN_UNAVAILABLE_SECONDS
    return problem(request, status=status, code=error.code, detail=error.detail, retry_after=retry)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return problem(
            request, status=400, code="unreadable_request", detail="The request could not be read."
        )
    return defaults.bad_request(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return problem(request, status=404, code="not_found", detail="There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw; a database that does not answer is said to be away, and worth another try.

    What cannot be opened is said so: with the right key it may be, and staff read of it in the log.
    """
    error = sys.exception()
    if isinstance(error, OperationalError | InterfaceError):
        return _database_away(request)
    if isinstance(error, SealBroken):
        return render(request, "503_seal_broken.html", status=503)
    if is_api(request):
        return problem(request, status=500, code="server_error", detail="Something went wrong on our side.")
    return defaults.server_error(request)


def _database_away(request: HttpRequest) -> HttpResponse:
    retry = DATABASE_AWAY_SECONDS
    if is_api(request):
        detail = "The site is not available at the moment. Please try again shortly."
        return problem(request, status=503, code="service_unavailable", detail=detail, retry_after=retry)
    # Without the request: the page's head would ask the database who is signed in.
    page = get_template("503.html").render()
    return HttpResponse(page, status=503, headers={"Retry-After": str(retry)})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    logger.info(
        "csrf check failed: %s", re.sub(r"https?://\S+", "an address", reason)
    )  # which may hold a key
    return render(request, "403_csrf.html", status=403)
