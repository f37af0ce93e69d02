from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from enrollment.admin.confirmation import confirm
from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.admin.secret import secret_page
from enrollment.models import ServiceKey
from enrollment.models.service_key import LONGEST_GRACE_HOURS, MARK, Scope, expiry_default
from enrollment.reauthentication import fresh_required
from enrollment.selectors import user_of
from enrollment.services import service_key_create, service_key_revoke, service_key_rotate

LIST = "admin:enrollment_servicekey_changelist"
ONCE = "This is the only time it is shown. Copy it into the backend's settings now; it is sent as X-API-Key."
COLOURS = {"usable": "success", "expired": "warning", "revoked": "danger"}
GRACES = [(0, "None: the old secret ends at once"), (1, "1 hour"), (24, "24 hours"), (72, "72 hours")]


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        help_text="Which system holds it, for your colleagues.",
        widget=UnfoldAdminTextInputWidget,
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    expires = forms.DateField(
        initial=lambda: timezone.localdate(expiry_default()),
        help_text="The last day on which it opens anything.",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )

    def clean_expires(self) -> datetime:
        last: date = self.cleaned_data["expires"]
        if last < timezone.localdate():
            raise forms.ValidationError("Choose a day to come.")
        return timezone.make_aware(datetime.combine(last, time.max))


class RotateForm(forms.Form):
    grace_hours = forms.TypedChoiceField(
        label="How long the old secret stays valid",
        choices=[choice for choice in GRACES if choice[0] <= LONGEST_GRACE_HOURS],
        coerce=int,
        initial=24,
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(ServiceKey)
class ServiceKeyAdmin(ReadOnlyAdmin):
    """Keys of backends. Secrets are shown once and cannot be read here."""

    list_display = ("name", "shown_prefix", "told_scopes", "coloured_state", "expires_at", "last_used_at")
    search_fields = ("name", "prefix")
    fields = (
        *("name", "shown_prefix", "coloured_state", "told_scopes"),
        *("created_by", "created_at", "expires_at", "last_used_at", "previous_until", "revoked_at"),
    )
    readonly_fields = fields
    actions_list = ("make",)
    actions_detail = ("rotate", "revoke")

    def has_make_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("enrollment.add_servicekey")

    def has_end_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("enrollment.change_servicekey")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        over = ServiceKey.objects.filter(pk=object_id).exclude(revoked_at=None).exists()
        return [] if over else list(super().get_actions_detail(request, object_id))

    @action(description="New key", url_path="make", icon="add", permissions=["make"])
    @method_decorator(fresh_required)
    def make(self, request: HttpRequest) -> HttpResponse:
        form = KeyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            key, secret = service_key_create(
                name=data["name"], scopes=data["scopes"], expires_at=data["expires"], actor=user_of(request)
            )
            return _secret(request, key, secret, [ONCE])
        return confirm(
            request,
            title="New service key",
            words=["It opens the API to a backend, for what you tick and nothing else."],
            button="Make the key",
            act=lambda _: "",
            back=reverse(LIST),
            form=form,
        )

    @action(description="New secret", url_path="rotate", icon="key", permissions=["end"])
    @method_decorator(fresh_required)
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key, form = _usable(object_id), RotateForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            hours = form.cleaned_data["grace_hours"]
            secret = service_key_rotate(key, grace=timedelta(hours=hours), actor=user_of(request))
            told = f"stays valid for {hours} h" if hours else "is no longer valid"
            return _secret(request, key, secret, [ONCE, f"The old secret {told}."])
        return confirm(
            request,
            title=f"New secret for {key}",
            words=["Did the old one leak? Then give it no time."],
            button="Make a new secret",
            act=lambda _: "",
            back=_page(key),
            form=form,
        )

    @action(description="Revoke", url_path="revoke", icon="block", permissions=["end"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = _usable(object_id)

        def act(_: dict[str, Any]) -> str:
            service_key_revoke(key, actor=user_of(request))
            return f"{key} opens nothing any more."

        return confirm(
            request,
            title=f"Revoke {key}",
            words=["Whatever still uses it is refused from now on. This cannot be undone."],
            button="Revoke the key",
            act=act,
            back=_page(key),
        )

    @display(description="Key")
    def shown_prefix(self, key: ServiceKey) -> str:
        return f"{MARK}_{key.prefix}_…"

    @display(description="Scopes")
    def told_scopes(self, key: ServiceKey) -> str:
        return ", ".join(key.scopes)

    @display(description="State", label=COLOURS)
    def coloured_state(self, key: ServiceKey) -> tuple[str, str]:
        if key.revoked_at:
            return "revoked", "Revoked"
        return ("usable", "Usable") if key.is_usable else ("expired", "Expired")


def _usable(object_id: str) -> ServiceKey:
    """The key, unless it is revoked. Raises PermissionDenied."""
    key = ServiceKey.objects.filter(pk=object_id, revoked_at=None).first()
    if key is None:
        raise PermissionDenied
    return key


def _page(key: ServiceKey) -> str:
    return reverse("admin:enrollment_servicekey_change", args=[key.pk])


def _secret(request: HttpRequest, key: ServiceKey, secret: str, words: list[str]) -> HttpResponse:
    return secret_page(request, title=str(key), words=words, secret=secret, back=_page(key))
