"""Pages of verification."""

from allauth.account.internal.decorators import login_stage_required
from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enrollment.errors import DomainError
from enrollment.reauthentication import code_record
from enrollment.selectors import anchor_status, subject_of, user_of
from verification.browser import browser_key
from verification.challenge import Liveness
from verification.errors import FaceSignInClosed, TooManyCodes
from verification.policy import FaceSignIn
from verification.selectors import model_versions
from verification.services import session_consume
from verification.stages import FaceStage, face_login

# Two people who never lived, to try the compare page with: `scripts/draw_sample_faces.py` draws them.
DRAWN_FACES = {
    "otto-1": "Otto, looking ahead",
    "otto-2": "Otto, turned to the side",
    "runa-1": "Runa, looking ahead",
    "runa-2": "Runa, turned to the side",
}
# The pages whose script looks for a face with a WebAssembly network.
camera_page = csp_update({"script-src": [WASM_UNSAFE_EVAL]})


@require_GET
@camera_page
@ensure_csrf_cookie
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    if settings.FACE_SIGN_IN != FaceSignIn.PASSWORDLESS:
        return redirect("account_login")
    return render(
        request,
        "verification/sign_in.html",
        {"next": _safe_next(request, request.GET.get("next", "")), "challenge": _asks_for_challenge()},
    )


@require_POST
def sign_in_finish(request: HttpRequest) -> HttpResponse:
    """Turns a successful verification session, once, into a signed-in browser."""
    try:
        user = session_consume(request.POST.get("session", ""), browser_key(request))
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("verification:sign_in")
    try:
        return face_login(
            request, user, redirect_url=_safe_next(request, request.POST.get("next", "")) or None
        )
    except FaceSignInClosed:
        return redirect("account_login")


@login_stage_required(stage=FaceStage.key, redirect_urlname="account_login")
@require_GET
@camera_page
@ensure_csrf_cookie
def second_factor(request: HttpRequest) -> HttpResponse:
    """The face, after the password."""
    login = _stage(request).login.user.get_username()
    return render(request, "verification/sign_in.html", {"login": login, "challenge": _asks_for_challenge()})


@login_stage_required(stage=FaceStage.key, redirect_urlname="account_login")
@require_http_methods(["GET", "POST"])
def second_factor_code(request: HttpRequest) -> HttpResponse:
    """A code by mail, for whom the face does not work at the moment."""
    stage, code = _stage(request), request.POST.get("code")
    if request.method == "GET":
        return render(request, "verification/code.html", {"face_counts": stage.face_counts()})
    if code is None:
        try:
            stage.code_send()
        except TooManyCodes as error:
            messages.error(request, error.detail)
        return redirect("verification:second_factor_code")
    if not stage.code_check(code):
        messages.error(request, "This code is wrong or too old. You can have another one sent.")
        return redirect("verification:second_factor_code")
    code_record(request, stage.login.user)
    return stage.exit()


def _stage(request: HttpRequest) -> FaceStage:
    """The stage that `login_stage_required` found."""
    return request._login_stage  # type: ignore[attr-defined]


@login_required
@require_GET
@camera_page
@ensure_csrf_cookie
def verify(request: HttpRequest) -> HttpResponse:
    return render(
        request, "verification/verify.html", {"anchors": anchor_status(subject_of(user_of(request)))}
    )


@login_required
@require_GET
@ensure_csrf_cookie
def compare(request: HttpRequest) -> HttpResponse:
    return render(request, "verification/compare.html", {"versions": model_versions(), "faces": DRAWN_FACES})


def _asks_for_challenge() -> bool:
    return settings.LIVENESS != Liveness.OFF


def _safe_next(request: HttpRequest, target: str) -> str:
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""
