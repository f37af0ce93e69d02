"""Pages of enrollment."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enrollment.forms import ConsentForm
from enrollment.models import Consent, Sample
from enrollment.policy import consent_changes, consent_text_ends
from enrollment.reauthentication import fresh_required, is_fresh
from enrollment.selectors import (
    anchor_status,
    may_add_pictures,
    older_consents,
    sample_of,
    samples_of,
    standing_consents,
    subject_of,
    user_of,
)
from enrollment.services import account_export, consent_withdraw, consents_give, face_erase, user_erase


@login_required
@fresh_required
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    consents = standing_consents(subject_of(user_of(request)))
    older = older_consents(subject_of(user_of(request)))
    # To a new wording nobody has agreed yet: its boxes are empty.
    ticked = {name: bool(given) and not older for name, given in consents.items()}
    form = ConsentForm(request.POST or None, initial=ticked)
    if request.method == "POST" and form.is_valid():
        consents_give(user_of(request), form.purposes)
        return redirect("enrollment:anchors")
    context = {
        "form": form,
        "consents": consents,
        "changes": consent_changes(older[0].text_version) if older else [],
        "older_counts": timezone.localdate() < consent_text_ends(),
        "older_counts_until": consent_text_ends(),
    }
    return render(request, "enrollment/consent.html", context)


@login_required
@fresh_required
@require_POST
def consent_withdrawal(request: HttpRequest) -> HttpResponse:
    purpose = request.POST.get("purpose", "")
    if purpose not in Consent.Purpose.values:
        raise Http404
    consent_withdraw(user_of(request), purpose)
    erased = purpose == Consent.Purpose.SIGN_IN
    messages.success(
        request, "Your face has been erased." if erased else "Your pictures are no longer used to train."
    )
    return redirect("enrollment:consent")


@login_required
@require_GET
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # its script looks for a face with a WebAssembly network
def anchors(request: HttpRequest) -> HttpResponse:
    subject = subject_of(user_of(request))
    if not may_add_pictures(subject):
        return redirect("enrollment:consent")
    context = {
        "samples": samples_of(subject),
        "anchors": anchor_status(subject),
        "fresh": is_fresh(request),
    }
    return render(request, "enrollment/anchors.html", context)


@login_required
@require_GET
@cache_control(private=True, no_store=True)
def sample_crop(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Decrypts and streams the aligned face, to its owner alone."""
    sample = sample_of(user_of(request), sample_id)
    if sample is None or sample.state != Sample.State.ACCEPTED:
        raise Http404
    return HttpResponse(sample.crop, content_type="image/jpeg")


@reauthentication_required
@require_http_methods(["GET", "POST"])
def account_delete(request: HttpRequest) -> HttpResponse:
    """Ends the account with everything that hangs on it, after the password was asked for."""
    if request.method == "POST":
        user_erase(user_of(request))
        logout(request)
        messages.success(request, "Your account and your face have been erased.")
        return redirect("home")
    return render(request, "enrollment/account_delete.html")


@login_required
@fresh_required
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        face_erase(user_of(request))
        messages.success(request, "Your face has been erased. Your password works as before.")
        return redirect("home")
    return render(request, "enrollment/erase.html", {"anchors": anchor_status(subject_of(user_of(request)))})


@login_required
@fresh_required
@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
def export(request: HttpRequest) -> HttpResponse:
    """A copy of everything, as a zip archive."""
    if request.method == "POST":
        answer = HttpResponse(account_export(user_of(request)), content_type="application/zip")
        answer["Content-Disposition"] = 'attachment; filename="faceverify.zip"'
        return answer
    return render(request, "enrollment/export.html")
