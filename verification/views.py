"""Pages of verification."""

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from enrollment.errors import DomainError
from enrollment.reauthentication import face_record
from enrollment.selectors import anchor_status, subject_of, user_of
from verification.browser import browser_key
from verification.selectors import model_versions
from verification.services import session_consume


@require_GET
@ensure_csrf_cookie
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    return render(
        request, "verification/sign_in.html", {"next": _safe_next(request, request.GET.get("next", ""))}
    )


@require_POST
def sign_in_finish(request: HttpRequest) -> HttpResponse:
    """Turns a successful verification session, once, into a signed-in browser."""
    try:
        user = session_consume(request.POST.get("session", ""), browser_key(request))
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("verification:sign_in")
    face_record(request, user)
    return perform_login(
        request, user, redirect_url=_safe_next(request, request.POST.get("next", "")) or None
    )


@login_required
@require_GET
@ensure_csrf_cookie
def verify(request: HttpRequest) -> HttpResponse:
    return render(
        request, "verification/verify.html", {"anchors": anchor_status(subject_of(user_of(request)))}
    )


@login_required
@require_GET
@ensure_csrf_cookie
def compare(request: HttpRequest) -> HttpResponse:
    versions = model_versions()
    return render(
        request,
        "verification/compare.html",
        {"versions": versions, "max_bytes": settings.FACE_MAX_IMAGE_BYTES},
    )


def _safe_next(request: HttpRequest, target: str) -> str:
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""
