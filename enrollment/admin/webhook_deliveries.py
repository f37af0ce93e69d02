import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.timezone import localtime
from unfold.decorators import action, display

from enrollment.admin.confirmation import confirm
from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.errors import IllegalTransition
from enrollment.models import WebhookDelivery
from enrollment.models.webhook_delivery import MAX_TRIES
from enrollment.selectors import user_of
from enrollment.services import delivery_resend

COLOURS = {"pending": "info", "retrying": "warning", "delivered": "success", "failed": "danger"}


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """What was sent to whom, and how it went."""

    list_display = ("__str__", "endpoint", "coloured_state", "attempts", "answer", "due")
    list_filter = ("state", "kind", "endpoint", "created_at")
    search_fields = ("event_id",)
    list_select_related = ("endpoint",)
    list_before_template = "admin/enrollment/deliveries_help.html"
    fields = (
        *("kind", "event_id", "endpoint", "state", "attempts", "answer", "due"),
        *("created_at", "finished_at", "posted"),
    )
    actions = ("resend_all",)
    actions_detail = ("resend",)

    @property
    def kept_days(self) -> int:
        return int(settings.RETENTION_WEBHOOKS_DAYS)

    @property
    def most_tries(self) -> int:
        return MAX_TRIES

    def has_resend_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("enrollment.change_webhookdelivery")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Nothing to send again while it is under way."""
        is_over = (
            WebhookDelivery.objects.filter(pk=object_id).exclude(state__in=WebhookDelivery.OPEN).exists()
        )
        return list(super().get_actions_detail(request, object_id)) if is_over else []

    @action(description="Send again", url_path="resend", icon="replay", permissions=["resend"])
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery = WebhookDelivery.objects.select_related("endpoint").get(pk=object_id)

        def act(_: dict[str, Any]) -> str:
            delivery_resend(delivery, actor=user_of(request))
            return "The event is on its way again."

        return confirm(
            request,
            title="Send again",
            words=[
                f"{delivery.kind} is posted to {delivery.endpoint.url} once more, with the id it had: "
                "a receiver that has it already can tell.",
            ],
            button="Send again",
            act=act,
            back=reverse("admin:enrollment_webhookdelivery_change", args=[delivery.pk]),
        )

    @action(description="Send again", permissions=["resend"])
    def resend_all(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        sent = 0
        for delivery in deliveries:
            try:
                delivery_resend(delivery, actor=user_of(request))
            except IllegalTransition:
                continue  # under way
            sent += 1
        messages.success(request, f"{sent} event{'' if sent == 1 else 's'} on the way again.")

    @display(description="State", ordering="state", label=COLOURS)
    def coloured_state(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description="Last answer")
    def answer(self, delivery: WebhookDelivery) -> str:
        return delivery.last_error or str(delivery.last_status or "-")

    @display(description="Next try", ordering="next_try_at")
    def due(self, delivery: WebhookDelivery) -> str:
        return localize(localtime(delivery.next_try_at)) if delivery.state in WebhookDelivery.OPEN else "-"

    @display(description="What is posted")
    def posted(self, delivery: WebhookDelivery) -> str:
        return format_html(
            '<pre class="overflow-x-auto">{}</pre>',
            json.dumps(json.loads(delivery.body), indent=2),
        )
