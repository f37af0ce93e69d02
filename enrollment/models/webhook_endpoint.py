import base64
import hashlib
import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from enrollment.crypto import seal, unseal

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105 - no secret itself
# After a rotation, requests carry signatures of both secrets for so long.
SECRET_OVERLAP = timedelta(days=1)


class EventKind(models.TextChoices):
    """What backends can be told of. The test event goes to one endpoint, when staff ask for it."""

    VERIFICATION_SUCCEEDED = "verification.succeeded", "A face was verified"
    VERIFICATION_FAILED = "verification.failed", "A face was not verified"
    SAMPLE_ACCEPTED = "sample.accepted", "A picture was accepted"
    SAMPLE_REJECTED = "sample.rejected", "A picture was rejected"
    MODEL_PROMOTED = "model.promoted", "Another model became active"
    TEST = "webhook.test", "Test"


class WebhookEndpoint(models.Model):
    """A backend that is told of events, at an address, with a secret that signs what it gets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField("address", max_length=500, help_text="Where events are posted to: https://…")
    description = models.CharField(
        max_length=200, blank=True, help_text="Which system listens there, for your colleagues."
    )
    kinds = models.JSONField("events", default=list)
    sealed_secret = models.BinaryField(default=bytes)
    sealed_previous_secret = models.BinaryField(default=bytes)
    rotated_at = models.DateTimeField("secret changed", null=True, blank=True)
    enabled = models.BooleanField(
        default=True, help_text="Off: nothing is sent, and events are not kept for later."
    )
    failing_since = models.DateTimeField(null=True, blank=True, help_text="Since when nothing got through.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Of an endpoint just made, on its way to the page that shows it.
    fresh_secret = ""

    class Meta:
        verbose_name = "webhook"
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def secret(self) -> bytes:
        return unseal(self.sealed_secret, context=self.seal_context("sealed_secret"))

    @property
    def previous_secret(self) -> bytes | None:
        """The one before, while receivers may still know no other."""
        if not self.sealed_previous_secret or not self.rotated_at:
            return None
        if timezone.now() > self.rotated_at + SECRET_OVERLAP:
            return None
        return unseal(self.sealed_previous_secret, context=self.seal_context("sealed_previous_secret"))

    def seal_context(self, column: str) -> str:
        return f"webhook:{column}:{self.pk}"

    def renew_secret(self) -> str:
        """Makes a new secret and answers it as receivers write it; the one before stays valid for a day."""
        if self.sealed_secret:
            self.sealed_previous_secret = seal(
                self.secret, context=self.seal_context("sealed_previous_secret")
            )
            self.rotated_at = timezone.now()
        fresh = secrets.token_bytes(SECRET_BYTES)
        self.sealed_secret = seal(fresh, context=self.seal_context("sealed_secret"))
        return SECRET_PREFIX + base64.b64encode(fresh).decode()

    def signed_headers(self, event_id: str, body: bytes, at: datetime) -> dict[str, str]:
        """Headers by which the receiver knows that the body is ours (Standard Webhooks 1.0)."""
        timestamp = str(int(at.timestamp()))
        valid = [self.secret, self.previous_secret]
        signatures = [_signature(key, f"{event_id}.{timestamp}.".encode() + body) for key in valid if key]
        return {
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(signatures),
        }


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
