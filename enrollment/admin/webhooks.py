from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from enrollment.admin.base import SiteAdmin
from enrollment.admin.confirmation import confirm
from enrollment.admin.secret import secret_page
from enrollment.errors import OutboundRefused
from enrollment.models import WebhookEndpoint
from enrollment.models.webhook_endpoint import EventKind
from enrollment.outbound import url_checked
from enrollment.reauthentication import fresh_required
from enrollment.selectors import user_of
from enrollment.services import (
    webhook_change,
    webhook_create,
    webhook_delete,
    webhook_rotate,
    webhook_test,
)

DELIVERIES = "admin:enrollment_webhookdelivery_changelist"
ONCE = "This is the only time it is shown. Copy it into the receiver's settings now."
KINDS = [(kind.value, f"{kind.label} ({kind.value})") for kind in EventKind if kind != EventKind.TEST]


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    kinds = forms.MultipleChoiceField(
        label="Events", choices=KINDS, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "kinds", "enabled")

    def clean_url(self) -> str:
        try:
            return str(url_checked(self.cleaned_data["url"]))
        except OutboundRefused as error:
            raise forms.ValidationError(error.detail, code=error.code) from error


@admin.register(WebhookEndpoint)
@method_decorator(fresh_required, name="changeform_view")
@method_decorator(fresh_required, name="delete_view")
@method_decorator(fresh_required, name="changelist_view")
class WebhookEndpointAdmin(SiteAdmin):
    """Which backends are told of what. Whoever changes that has just shown who they are."""

    form = WebhookForm
    list_display = ("__str__", "url", "coloured_state", "events", "created_at")
    list_filter = ("enabled",)
    search_fields = ("url", "description")
    list_before_template = "admin/enrollment/webhooks_help.html"
    readonly_fields = ("deliveries", "failing_since", "rotated_at", "created_by", "created_at")
    actions_detail = ("send_test", "renew_secret")

    def get_fieldsets(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> Any:
        asked = (None, {"fields": self.form.Meta.fields})
        return [asked, ("So far", {"fields": self.readonly_fields})] if obj else [asked]

    def has_send_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("enrollment.change_webhookendpoint")

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        if change:
            webhook_change(obj, actor=user_of(request))
        else:
            obj.fresh_secret = webhook_create(obj, actor=user_of(request))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """One way to save: after it a secret may be shown, which the other buttons would skip."""
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: WebhookEndpoint, *args: Any, **kwargs: Any) -> Any:
        return _secret(request, obj, obj.fresh_secret, [ONCE])

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        webhook_delete(obj, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset:
            webhook_delete(endpoint, actor=user_of(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Deliveries go with their webhook, though nobody may delete them one by one."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    @action(description="Send test event", url_path="test", icon="send", permissions=["send"])
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = WebhookEndpoint.objects.get(pk=object_id)

        def act(_: dict[str, Any]) -> str:
            webhook_test(endpoint, actor=user_of(request))
            return "A test event is on its way."

        words = [f"An event of the kind {EventKind.TEST} is posted to {endpoint.url}."]
        if not endpoint.enabled:
            words = ["This webhook is switched off: the test will fail until you switch it on."]
        return confirm(
            request,
            title="Send a test event",
            words=words,
            button="Send",
            act=act,
            back=_deliveries_of(endpoint),
        )

    @action(description="New secret", url_path="secret", icon="key", permissions=["send"])
    @method_decorator(fresh_required)
    def renew_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = WebhookEndpoint.objects.get(pk=object_id)
        if request.method == "POST":
            secret = webhook_rotate(endpoint, actor=user_of(request))
            words = [ONCE, "For a day from now requests are signed with the old and the new secret."]
            return _secret(request, endpoint, secret, words)
        words = [
            "The receiver needs the new secret within a day. Until then requests bear two signatures, one of each.",
            "Did the old one leak? Then press twice: a secret two changes old signs nothing.",
        ]
        return confirm(
            request,
            title="Make a new secret",
            words=words,
            button="Make a new secret",
            act=lambda _: "",
            back=_page(endpoint),
        )

    @display(description="State", label={"on": "success", "failing": "warning", "off": "danger"})
    def coloured_state(self, endpoint: WebhookEndpoint) -> tuple[str, str]:
        if not endpoint.enabled:
            return "off", "Off"
        return ("failing", "Failing") if endpoint.failing_since else ("on", "On")

    @display(description="Events")
    def events(self, endpoint: WebhookEndpoint) -> str:
        return f"{len(endpoint.kinds)} of {len(KINDS)}"

    @display(description="Deliveries")
    def deliveries(self, endpoint: WebhookEndpoint) -> str:
        counts = endpoint.deliveries.order_by().values_list("state").annotate(Count("pk"))
        told = ", ".join(f"{count:,} {state}" for state, count in counts) or "none yet"
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>',
            _deliveries_of(endpoint),
            told,
        )


def _secret(request: HttpRequest, endpoint: WebhookEndpoint, secret: str, words: list[str]) -> HttpResponse:
    return secret_page(
        request, title=f"The secret of {endpoint}", words=words, secret=secret, back=_page(endpoint)
    )


def _page(endpoint: WebhookEndpoint) -> str:
    return reverse("admin:enrollment_webhookendpoint_change", args=[endpoint.pk])


def _deliveries_of(endpoint: WebhookEndpoint) -> str:
    return f"{reverse(DELIVERIES)}?endpoint__id__exact={endpoint.pk}"
