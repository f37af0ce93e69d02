"""Pages that belong to no app."""

from dataclasses import asdict
from http import HTTPStatus
from typing import NoReturn

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from enrollment.models import Consent
from enrollment.models.stored_answer import KEPT_FOR
from enrollment.selectors import anchor_status, has_consent, subject_of
from faceverify_site import readiness
from verification.policy import SOURCE_BLOCKED_FOR


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The landing page, or a signed-in person's dashboard."""
    if not request.user.is_authenticated:
        return render(request, "home.html")
    subject = subject_of(request.user)
    context = {"anchors": anchor_status(subject), "consented": has_consent(subject, Consent.Purpose.SIGN_IN)}
    return render(request, "home.html", context)


@csrf_exempt
def absent(request: HttpRequest, rest: str = "") -> NoReturn:
    """Closes an address that a package would answer."""
    raise Http404


@require_safe
def page(request: HttpRequest, template: str) -> HttpResponse:
    return render(request, template)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is stored, and how long: from the settings and rules that the purge goes by."""
    days = {
        "face": settings.RETENTION_FACE_DAYS,
        "records": settings.RETENTION_RECORDS_DAYS,
        "audit": settings.RETENTION_AUDIT_DAYS,
        "rejected": settings.RETENTION_REJECTED_DAYS,
        "webhooks": settings.RETENTION_WEBHOOKS_DAYS,
        "sources": SOURCE_BLOCKED_FOR.days,
        "answers": KEPT_FOR.days,
    }
    return render(
        request, "pages/privacy.html", {"kept": {name: _span(count) for name, count in days.items()}}
    )


def _span(days: int) -> str:
    """Days in the largest unit that fits: 730 are "2 years"."""
    count, unit = (days // 365, "year") if days % 365 == 0 else (days, "day")
    return f"{count} {unit}{'' if count == 1 else 's'}"


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Every part that the site needs answers, or which one does not."""
    checks = readiness.checks()
    ready = all(check.ok for check in checks.values())
    body = {
        "status": "ok" if ready else "failing",
        "checks": {name: asdict(check) for name, check in checks.items()},
    }
    return JsonResponse(body, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
