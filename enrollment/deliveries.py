"""Sending webhooks: one try, and what comes of it.

Not among the jobs: those bring the networks along, and the process that sends should stay small.
"""

import logging
import smtplib
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone

from enrollment.errors import OutboundFailed, OutboundRefused, SealBroken
from enrollment.models import AuditEvent, User, WebhookDelivery, WebhookEndpoint
from enrollment.outbound import post

logger = logging.getLogger(__name__)

# An endpoint that failed for so long without a single success is switched off.
PATIENCE = timedelta(days=7)
SWEPT_AT_ONCE = 500
OK = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


def delivery_send(delivery_id: int) -> None:
    """One try. Does nothing when the row is gone, finished, not due or in other hands: a message may come twice."""
    delivery = WebhookDelivery.claim(delivery_id)
    if delivery is None:
        return
    status, error = None, "The webhook is switched off."
    if delivery.endpoint.enabled:
        status, error = _try(delivery)
    _record(delivery, status, error)


def _try(delivery: WebhookDelivery) -> tuple[int | None, str]:
    """The receiver's status, and what is wrong with it: nothing, if it took the event."""
    endpoint = delivery.endpoint
    try:
        body = delivery.body
        headers = endpoint.signed_headers(delivery.event_id, body, timezone.now())
        status = post(endpoint.url, headers=headers | _HEADERS, body=body)
    except (OutboundRefused, OutboundFailed, SealBroken) as error:
        return None, error.detail
    except Exception as error:  # counted like any other, lest it is tried every minute for ever
        logger.exception("webhook delivery %s broke off", delivery.pk)
        return None, f"The site could not send it: {type(error).__name__}."
    if status in OK:
        return status, ""
    redirected = status in range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
    return status, "Redirects are not followed." if redirected else f"The receiver answered {status}."


_HEADERS = {"Content-Type": "application/json", "User-Agent": "FaceVerify-Webhooks/1"}


@transaction.atomic
def _record(tried: WebhookDelivery, status: int | None, error: str) -> None:
    """Writes the outcome, unless somebody else finished the row meanwhile."""
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=tried.endpoint_id).first()
    current = WebhookDelivery.objects.select_for_update().filter(pk=tried.pk).first()
    if endpoint is None or current is None or current.state not in WebhookDelivery.OPEN:
        return
    if not endpoint.enabled:
        current.give_up("The webhook is switched off.")
    elif error:
        current.missed(error, status=status)
        _count_failure(endpoint, given_up=current.state == WebhookDelivery.State.FAILED)
    else:
        current.delivered(status or HTTPStatus.OK)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
    current.save()
    logger.info("webhook delivery %s %s %s", current.pk, current.state, error)


def _count_failure(endpoint: WebhookEndpoint, *, given_up: bool) -> None:
    """Notes since when nothing gets through; after a week of it, with another event given up, ends it."""
    now = timezone.now()
    endpoint.failing_since = endpoint.failing_since or now
    if given_up and endpoint.failing_since <= now - PATIENCE:
        endpoint.enabled = False
        AuditEvent.record(
            AuditEvent.Action.WEBHOOK,
            AuditEvent.Outcome.REFUSED,
            object_id=endpoint.pk,
            details={"step": "switched_off", "reason": "failing"},
        )
        transaction.on_commit(lambda: _mail(endpoint), robust=True)
    endpoint.save(update_fields=["failing_since", "enabled"])


def _mail(endpoint: WebhookEndpoint) -> None:
    """Tells the staff who may change webhooks; one mail to each: they need not learn each other's addresses."""
    page = f"{settings.SITE_URL}/admin/enrollment/webhookendpoint/{endpoint.pk}/change/"
    body = (
        f"Nothing got through to the webhook “{endpoint}” since {endpoint.failing_since:%d %B %Y at %H:%M} UTC, "
        "so it was switched off.\n\nOnce its receiver works, switch it on again. What was given up until now can be "
        f"sent again from the list of deliveries:\n{page}\n"
    )
    staff = User.objects.with_perm("enrollment.change_webhookendpoint").filter(is_staff=True, is_active=True)
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}a webhook was switched off"
    try:
        with get_connection() as connection:
            for user in staff.exclude(email="").distinct():
                EmailMessage(subject, body, to=[user.email], connection=connection).send()
    except (OSError, smtplib.SMTPException) as error:  # whose words may name the addresses
        logger.error(
            "nobody could be told that webhook %s was switched off: %s", endpoint.pk, type(error).__name__
        )


def deliveries_due() -> list[int]:
    """Ids of deliveries that are due: later tries, and those whose message or worker got lost."""
    due = WebhookDelivery.objects.filter(
        state__in=WebhookDelivery.OPEN, next_try_at__lte=timezone.now()
    ).order_by("next_try_at")
    return list(due.values_list("pk", flat=True)[:SWEPT_AT_ONCE])
