"""The page "Drift": do people's scores sink, and why are pictures turned down?"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from enrollment.admin.plots import margins_plot
from enrollment.reasons import reason_messages
from enrollment.selectors import refusals_by_reason
from verification.selectors import margins_by_month

SHARES = (5, 50, 95)


def drift(request: HttpRequest) -> HttpResponse:
    """Shows months of accepted sign-ins, and the reasons of refused pictures."""
    if not request.user.has_perm("verification.view_attempt"):
        raise PermissionDenied
    months = margins_by_month()
    rows = [
        [month, f"{len(margins):,}", *(f"{_percentile(margins, share):+.3f}" for share in SHARES)]
        for month, margins in months.items()
    ]
    refused = [[reason_messages([code])[0], f"{count:,}"] for code, count in refusals_by_reason()]
    context = admin.site.each_context(request) | {
        "title": "Drift",
        "plot": _plot(months) if months else "",
        "months": {"headers": ["Month", "Sign-ins", *(f"{share} %" for share in SHARES)], "rows": rows},
        "refusals": {"headers": ["Reason", "Pictures"], "rows": refused},
    }
    return render(request, "admin/verification/attempt/drift.html", context)


def _plot(months: dict[str, list[float]]) -> Any:
    return margins_plot(
        {
            f"{share} % are below": [_percentile(margins, share) for margins in months.values()]
            for share in SHARES
        },
        list(months),
    ).render()


def _percentile(values: list[float], share: int) -> float:
    """Of values in ascending order."""
    return values[min(len(values) - 1, len(values) * share // 100)]
