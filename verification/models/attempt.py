from typing import ClassVar

from django.db import models
from django.utils import timezone

from enrollment.crypto import seal, unseal
from enrollment.errors import IllegalTransition
from enrollment.models import ModelVersion, Subject
from verification.models.session import VerificationSession


class Attempt(models.Model):
    """One probe and what came of it. Similarity and threshold are for staff only.

    States::

        PENDING --decide(decision)--> DECIDED
           +----void(reason)------> VOID      (nothing was compared)

    The probe is erased as soon as the attempt leaves PENDING.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DECIDED = "decided"
        VOID = "void"

    class Decision(models.TextChoices):
        MATCH = "match"
        NON_MATCH = "non_match"

    session = models.ForeignKey(VerificationSession, on_delete=models.CASCADE, related_name="attempts")
    subject = models.ForeignKey(
        Subject, on_delete=models.CASCADE, null=True, blank=True, related_name="attempts"
    )
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    decision = models.CharField(max_length=16, choices=Decision, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    sealed_probe = models.BinaryField(default=bytes)
    similarity = models.FloatField(null=True, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    anchors = models.PositiveSmallIntegerField(null=True, blank=True)
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["state", "queued_at"], name="attempt_state_queued")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session"], condition=models.Q(state="pending"), name="one_pending_attempt_a_session"
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending") | models.Q(sealed_probe=b""),
                name="probe_erased_after_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject or 'unknown account'}, {self.created_at:%Y-%m-%d %H:%M:%S}"

    @property
    def _context(self) -> str:
        return f"probe:{self.session_id}"

    @property
    def probe(self) -> bytes:
        return unseal(self.sealed_probe, context=self._context)

    @probe.setter
    def probe(self, data: bytes) -> None:
        self.sealed_probe = seal(data, context=self._context)

    def decide(self, decision: str) -> None:
        self._leave_pending()
        self.state, self.decision = self.State.DECIDED, decision

    def void(self, reason: str) -> None:
        self._leave_pending()
        self.state, self.reason = self.State.VOID, reason

    def _leave_pending(self) -> None:
        if self.state != self.State.PENDING:
            raise IllegalTransition(f"expected a pending attempt, this one is {self.state}")
        self.sealed_probe = b""
        self.decided_at = timezone.now()
