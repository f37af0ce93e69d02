import json
import random
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from celery import current_app
from django.db import models, transaction
from django.utils import timezone

from enrollment.errors import IllegalTransition
from enrollment.models.subject import Subject
from enrollment.models.webhook_endpoint import EventKind, WebhookEndpoint

SEND_TASK = "enrollment.tasks.webhook_send"
# Waits after the first, second, ... try: eight tries in a little more than a day.
WAITS = [
    *(timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10)),
    *(timedelta(hours=hours) for hours in (1, 3, 6, 14)),
]
MAX_TRIES = len(WAITS) + 1
# Each wait is longer or shorter by up to so much, so that what failed together does not come back together.
JITTER = 0.2
# A try that nobody has heard of for so long is taken for lost.
LEASE = timedelta(minutes=1)


def public_id(subject: Subject | None) -> str | None:
    """How backends know a person."""
    return str(subject.public_id) if subject else None


def event_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


class WebhookDelivery(models.Model):
    """One event for one endpoint, until it got there. The row is the truth; a message only hurries.

    States::

        PENDING ---+--delivered()--> DELIVERED --+
          ^        |                             |
          |        +--missed()--> RETRYING       +--resend()--> PENDING
          |        |      (again, up to 8 tries) |
          |        +--give_up()-> FAILED --------+
          +--------------------------------------+

    RETRYING moves like PENDING. `next_try_at` is when a try is due; whoever begins one moves it on by a lease, so that
    two workers do not send the same row at once, and a worker that dies loses nothing. A receiver may still get an
    event twice, and knows it by `event_id`, which stays the same.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        RETRYING = "retrying"
        DELIVERED = "delivered"
        FAILED = "failed"

    OPEN: ClassVar = (State.PENDING, State.RETRYING)

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", verbose_name="webhook"
    )
    event_id = models.CharField("event", max_length=40)
    kind = models.CharField(max_length=32, choices=EventKind)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField("tries", default=0)
    next_try_at = models.DateTimeField("next try", default=timezone.now)
    last_status = models.PositiveSmallIntegerField("last answer", null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField("happened", default=timezone.now)
    finished_at = models.DateTimeField("finished", null=True, blank=True)

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["state", "next_try_at"], name="delivery_state_next_try")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="one_delivery_an_event"),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "retrying"], finished_at=None)
                | (models.Q(state__in=["delivered", "failed"]) & ~models.Q(finished_at=None)),
                name="finished_delivery_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.created_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def emit(cls, kind: str, payload: dict[str, Any]) -> None:
        """Tells every endpoint that asked for this kind. Belongs inside the transaction of what it tells of.

        The payload holds ids and codes; never scores, pictures or names.
        """
        cls.emit_to(cls.endpoints_for(kind), kind, payload)

    @classmethod
    def endpoints_for(cls, kind: str) -> list[WebhookEndpoint]:
        """Who asked for this kind."""
        cls._transaction_check()
        return [
            one for one in WebhookEndpoint.objects.filter(enabled=True).only("kinds") if kind in one.kinds
        ]

    @classmethod
    def emit_to(cls, endpoints: list[WebhookEndpoint], kind: str, payload: dict[str, Any]) -> None:
        """Tells these, whatever they asked for; otherwise as `emit`."""
        cls._transaction_check()
        if not endpoints:
            return
        event = event_id()
        made = WebhookDelivery.objects.bulk_create(
            WebhookDelivery(endpoint=one, event_id=event, kind=kind, payload=payload) for one in endpoints
        )
        hurry([delivery.pk for delivery in made])

    @staticmethod
    def _transaction_check() -> None:
        if not transaction.get_connection().in_atomic_block:
            raise transaction.TransactionManagementError("an event needs the transaction of what it tells of")

    @classmethod
    def claim(cls, delivery_id: int) -> "WebhookDelivery | None":
        """Begins a try, if one is due and nobody else began it."""
        now = timezone.now()
        due = cls.objects.filter(pk=delivery_id, state__in=cls.OPEN, next_try_at__lte=now)
        if not due.update(attempts=models.F("attempts") + 1, next_try_at=now + LEASE):
            return None
        return cls.objects.select_related("endpoint").filter(pk=delivery_id).first()

    @property
    def body(self) -> bytes:
        """What is posted, and signed."""
        event = {
            "id": self.event_id,
            "type": self.kind,
            "timestamp": self.created_at.isoformat(),
            "data": self.payload,
        }
        return json.dumps(event, separators=(",", ":")).encode()

    def delivered(self, status: int) -> None:
        self._leave(*self.OPEN)
        self.state, self.last_status, self.last_error = self.State.DELIVERED, status, ""
        self.finished_at = timezone.now()

    def missed(self, error: str, *, status: int | None = None) -> None:
        """A try that did not get through: the next one waits longer, and after the last one it is given up."""
        self._leave(*self.OPEN)
        if self.attempts >= MAX_TRIES:
            self.give_up(error, status=status)
            return
        wait = WAITS[max(self.attempts, 1) - 1] * random.uniform(1 - JITTER, 1 + JITTER)
        self.state, self.last_status, self.last_error = self.State.RETRYING, status, error[:200]
        self.next_try_at = timezone.now() + wait

    def give_up(self, error: str, *, status: int | None = None) -> None:
        self._leave(*self.OPEN)
        self.state, self.last_status, self.last_error = self.State.FAILED, status, error[:200]
        self.finished_at = timezone.now()

    def resend(self) -> None:
        """Begins anew, under the same event id; tries are counted from zero."""
        self._leave(self.State.DELIVERED, self.State.FAILED)
        self.state, self.attempts, self.finished_at = self.State.PENDING, 0, None
        self.next_try_at = timezone.now()

    def _leave(self, *states: str) -> None:
        if self.state not in states:
            raise IllegalTransition(f"This delivery is {self.state}.")


def hurry(delivery_ids: list[int]) -> None:
    """Queues deliveries once they are committed. Without a broker the sweep finds them: nothing else fails by it."""
    transaction.on_commit(lambda: _enqueue(delivery_ids), robust=True)


def _enqueue(delivery_ids: list[int]) -> None:
    for delivery_id in delivery_ids:
        current_app.send_task(SEND_TASK, args=[delivery_id])
