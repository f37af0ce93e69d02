from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.errors import DomainError
from enrollment.models import User
from enrollment.models.model_version import bulk_of
from enrollment.selectors import user_of
from verification.models import Identification
from verification.reasons import reasons_of
from verification.selectors import candidates_of, may_identify
from verification.services import identification_submit, inquiry_wait

WAIT_SECONDS = 8


class IdentifyForm(forms.Form):
    image = forms.FileField(
        label="Picture",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/*"}),
        help_text="JPEG, PNG or WebP of one person, at most 5 MB. It is erased as soon as the search is done.",
    )


@admin.register(Identification)
class IdentificationAdmin(ReadOnlyAdmin):
    """Who asked whose face a picture shows, and what they were told; and the page on which to ask."""

    list_display = ("asked_by", "coloured_state", "model_version", "created_at")
    list_filter = ("state", "created_at", "model_version")
    search_fields = ("owner__username",)
    list_select_related = ("owner", "service_key", "model_version")
    fields = ("asked_by", "state", "answered", "model_version", "created_at", "decided_at")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Identification]:
        return super().get_queryset(request).defer("sealed_pictures", *bulk_of("model_version"))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.identify)
        return [path("identify/", page, name="verification_identification_identify"), *super().get_urls()]

    def identify(self, request: HttpRequest) -> HttpResponse:
        """The page "Identify a face": a picture in, the people it resembles out."""
        user = user_of(request)
        if not may_identify(user):
            raise PermissionDenied
        form = IdentifyForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                asked = identification_submit(user, form.cleaned_data["image"])
            except DomainError as error:
                form.add_error("image", error.detail)
            else:
                return HttpResponseRedirect(f"{request.path}?id={asked.pk}")
        return render(
            request, "admin/verification/identification/identify.html", self._page(request, user, form)
        )

    def _page(self, request: HttpRequest, user: User, form: IdentifyForm) -> dict[str, Any]:
        context = self.admin_site.each_context(request) | {"title": "Identify a face", "form": form}
        asked_id = request.GET.get("id", "")
        if asked_id and request.method == "GET":
            context |= _result(asked_id, user)
        return context

    @display(description="Asked by", ordering="owner")
    def asked_by(self, identification: Identification) -> str:
        return str(identification.owner or identification.service_key or "a closed account")

    @display(
        description="State",
        ordering="state",
        label={"decided": "success", "void": "warning", "pending": "info"},
    )
    def coloured_state(self, identification: Identification) -> tuple[str, str]:
        return identification.state, identification.get_state_display()

    @display(description="Answer")
    def answered(self, identification: Identification) -> str:
        try:
            rows = [", ".join(_row(candidate)) for candidate in candidates_of(identification)]
        except DomainError as error:
            return error.detail
        reasons = [entry["message"] for entry in reasons_of(identification.reasons)]
        return "; ".join(rows or reasons) or "Nobody"


def _result(asked_id: str, user: User) -> dict[str, Any]:
    try:
        found = inquiry_wait(Identification, asked_id, user, seconds=WAIT_SECONDS)
        rows = [_row(candidate) for candidate in candidates_of(found)]
    except DomainError as error:
        return {"words": error.detail}
    if found.state == Identification.State.PENDING:
        return {"words": "The search is still going on. Load this page again in a moment."}
    if found.state == Identification.State.VOID:
        return {"words": " ".join(entry["message"] for entry in reasons_of(found.reasons))}
    if not rows:
        return {"words": "Nobody is enrolled yet."}
    return {"table": {"headers": ["Person", "Similarity", "Threshold", "Verdict"], "rows": rows}}


def _row(candidate: dict[str, Any]) -> list[str]:
    return [
        candidate["name"] or f"subject {candidate['subject']}, erased",
        f"{candidate['similarity']:.3f}",
        f"{candidate['threshold']:.3f}",
        "matched" if candidate["matched"] else "not matched",
    ]
