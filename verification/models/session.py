import re
import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from enrollment.errors import IllegalTransition
from enrollment.models import ServiceKey, Subject, WebhookDelivery
from enrollment.models.webhook_delivery import public_id
from enrollment.models.webhook_endpoint import EventKind


def session_token() -> str:
    """192 random bits."""
    return secrets.token_urlsafe(24)


def session_expiry() -> datetime:
    return timezone.now() + timedelta(seconds=settings.VERIFICATION_SESSION_SECONDS)


def is_token(value: str) -> bool:
    """Whether a value from outside can be the id of a session at all."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,43}", value) is not None


class VerificationSession(models.Model):
    """One single-use, short-lived occasion to prove who one is, bound to an account and a browser.

    States::

        CREATED --start()--> IN_PROGRESS --succeed()--> SUCCEEDED --consume()--> used up
           ^                     |  |
           +------reopen()-------+  +----fail()-------> FAILED
        CREATED, IN_PROGRESS ------------expire()-----> EXPIRED
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in"
        VERIFY = "verify"
        STEP_UP = "step_up"

    class State(models.TextChoices):
        CREATED = "created"
        IN_PROGRESS = "in_progress"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        EXPIRED = "expired"

    OPEN: ClassVar = (State.CREATED, State.IN_PROGRESS)

    id = models.CharField(primary_key=True, max_length=43, default=session_token, editable=False)
    purpose = models.CharField(max_length=16, choices=Purpose)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="verification_sessions",
    )
    subject = models.ForeignKey(
        Subject,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="verification_sessions",
        help_text="Somebody without an account, whom a backend verifies.",
    )
    service_key = models.ForeignKey(
        ServiceKey, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    account_key = models.CharField(max_length=64, help_text="Keyed digest of the account, known or not.")
    login_key = models.CharField(
        max_length=64, default="", help_text="Keyed digest of the login as it was typed."
    )
    browser_key = models.CharField(max_length=64, help_text="Keyed digest of the browser's own secret.")
    source = models.GenericIPAddressField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.CREATED)
    reason = models.CharField(
        max_length=32, blank=True, help_text="Why the last picture or the session did not do."
    )
    challenge = models.JSONField(
        default=list,
        blank=True,
        help_text="What the person is asked to do, in order; none for a single picture.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=session_expiry)
    finished_at = models.DateTimeField(null=True, blank=True)
    consumed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["state", "expires_at"], name="session_state_expiry"),
            models.Index(fields=["login_key", "-created_at"], name="session_login_latest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(consumed_at=None) | models.Q(state="succeeded"),
                name="only_success_is_consumed",
            ),
            models.CheckConstraint(
                condition=models.Q(subject=None, service_key=None)
                | (
                    models.Q(user=None, purpose="verify")
                    & ~models.Q(subject=None)
                    & ~models.Q(service_key=None)
                ),
                name="session_of_account_or_backend",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.user or 'unknown account'}, {self.state}"

    @property
    def is_overdue(self) -> bool:
        return timezone.now() >= self.expires_at

    @property
    def failure_keys(self) -> list[str]:
        """Where its failures are counted: the login as typed, then the account, as they are locked everywhere."""
        return list(dict.fromkeys((self.login_key, self.account_key)))

    def void_attempts(self, reason: str) -> bool:
        """Erases pictures that nobody looked at, and takes back that they counted. Answers whether there were any."""
        pending = list(self.attempts.filter(state="pending"))
        for attempt in pending:
            attempt.void(reason)
            attempt.save()
            attempt.failure_take_back()
        return bool(pending)

    def start(self) -> None:
        self._move({self.State.CREATED}, self.State.IN_PROGRESS, reason="")

    def reopen(self, reason: str) -> None:
        """The picture could not be compared: another one may be sent."""
        self._move({self.State.IN_PROGRESS}, self.State.CREATED, reason=reason)

    def succeed(self) -> None:
        self._move({self.State.IN_PROGRESS}, self.State.SUCCEEDED, reason="")

    def fail(self, reason: str) -> None:
        self._move(set(self.OPEN), self.State.FAILED, reason=reason)

    def expire(self) -> None:
        self._move(set(self.OPEN), self.State.EXPIRED, reason="expired")

    def consume(self) -> None:
        """Uses the success up; it counts once."""
        if self.state != self.State.SUCCEEDED or self.consumed_at or self.is_overdue:
            raise IllegalTransition
        self.consumed_at = timezone.now()

    def announce(self) -> None:
        """Tells backends how it ended.

        A sign-in that failed names nobody, whether the account exists or not.
        """
        succeeded = self.state == self.State.SUCCEEDED
        kind = EventKind.VERIFICATION_SUCCEEDED if succeeded else EventKind.VERIFICATION_FAILED
        endpoints = WebhookDelivery.endpoints_for(kind)
        if not endpoints:
            return
        named = succeeded or self.purpose != self.Purpose.SIGN_IN
        subject = self.subject or Subject.objects.filter(user_id=self.user_id or 0).first() if named else None
        payload = {
            "session": self.pk,
            "purpose": self.purpose,
            "subject": public_id(subject),
            "reasons": [self.reason] if self.reason else [],
        }
        WebhookDelivery.emit_to(endpoints, kind, payload)

    def _move(
        self, allowed: set["VerificationSession.State"], state: "VerificationSession.State", *, reason: str
    ) -> None:
        if self.state not in allowed:
            raise IllegalTransition(f"a session that is {self.state} cannot become {state}")
        self.state, self.reason = state, reason
        if state not in self.OPEN:
            self.finished_at = timezone.now()
