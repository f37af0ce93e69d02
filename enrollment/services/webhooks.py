"""Webhooks: which backends are told of what, and sending again by hand."""

from django.db import transaction

from enrollment.models import AuditEvent, User, WebhookDelivery, WebhookEndpoint
from enrollment.models.webhook_delivery import hurry
from enrollment.models.webhook_endpoint import EventKind
from enrollment.outbound import url_checked

event_emit = WebhookDelivery.emit


@transaction.atomic
def webhook_create(endpoint: WebhookEndpoint, *, actor: User | None) -> str:
    """Stores an endpoint, and answers its secret, which can be read this once. Raises OutboundRefused."""
    endpoint.url, endpoint.created_by = str(url_checked(endpoint.url)), actor
    secret = endpoint.renew_secret()
    endpoint.save(force_insert=True)
    _audit(endpoint, "created", actor)
    return secret


@transaction.atomic
def webhook_change(endpoint: WebhookEndpoint, *, actor: User | None) -> None:
    """Stores what staff may change. Switched on again, it starts with a clean slate. Raises OutboundRefused."""
    current = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    if endpoint.enabled and not current.enabled:
        current.failing_since = None
    current.url, current.kinds = str(url_checked(endpoint.url)), endpoint.kinds
    current.description, current.enabled = endpoint.description, endpoint.enabled
    current.save(update_fields=["url", "kinds", "description", "enabled", "failing_since"])
    _audit(current, "changed", actor)


@transaction.atomic
def webhook_delete(endpoint: WebhookEndpoint, *, actor: User | None) -> None:
    """With its deliveries, also those under way."""
    _audit(endpoint, "deleted", actor)
    endpoint.delete()


@transaction.atomic
def webhook_rotate(endpoint: WebhookEndpoint, *, actor: User | None) -> str:
    """A new secret, which can be read this once. For a day requests are signed with both."""
    current = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    secret = current.renew_secret()
    current.save(update_fields=["sealed_secret", "sealed_previous_secret", "rotated_at"])
    _audit(current, "secret_changed", actor)
    return secret


@transaction.atomic
def webhook_test(endpoint: WebhookEndpoint, *, actor: User | None) -> None:
    """Sends a test event to one endpoint."""
    WebhookDelivery.emit_to([endpoint], EventKind.TEST, {"message": "It works."})
    _audit(endpoint, "tested", actor)


@transaction.atomic
def delivery_resend(delivery: WebhookDelivery, *, actor: User | None) -> None:
    """Sends an event again, under the same id. Raises IllegalTransition while it is still under way."""
    current = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    current.resend()
    current.save()
    hurry([current.pk])
    _audit(current.endpoint, "resent", actor, event=current.event_id)


def _audit(endpoint: WebhookEndpoint, step: str, actor: User | None, **details: str) -> None:
    AuditEvent.record(
        AuditEvent.Action.WEBHOOK, actor=actor, object_id=endpoint.pk, details={"step": step} | details
    )
