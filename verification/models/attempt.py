from typing import ClassVar

from django.db import models
from django.utils import timezone

from enrollment.crypto import seal, unseal
from enrollment.errors import IllegalTransition
from enrollment.models import ModelVersion, Subject
from verification.models.failure_count import FailureCount
from verification.models.packing import pack, unpack
from verification.models.session import VerificationSession
from verification.policy import DecisionRule


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

    class Rule(models.TextChoices):
        TEMPLATE_MEAN = DecisionRule.TEMPLATE_MEAN, "mean of the anchors"
        BEST_ANCHOR = DecisionRule.BEST_ANCHOR, "best anchor"
        SHARE_OF_ANCHORS = DecisionRule.SHARE_OF_ANCHORS, "share of anchors"

    session = models.ForeignKey(VerificationSession, on_delete=models.CASCADE, related_name="attempts")
    subject = models.ForeignKey(
        Subject, on_delete=models.CASCADE, null=True, blank=True, related_name="attempts"
    )
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    decision = models.CharField(max_length=16, choices=Decision, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    sealed_probe = models.BinaryField(default=bytes)
    liveness = models.CharField(
        max_length=32, blank=True, help_text="Why the challenge was not met, which nobody outside is told."
    )
    attack_probability = models.FloatField(
        "looks like a screen or print",
        null=True,
        blank=True,
        help_text="A weak hint from the first picture alone, which decided nothing: on cameras it never saw it took "
        "four attacks in ten for people, and three people in ten for attacks.",
    )
    similarity = models.FloatField(null=True, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    anchors = models.PositiveSmallIntegerField(null=True, blank=True)
    rule = models.CharField("decision rule", max_length=32, choices=Rule, blank=True)
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, blank=True)
    anchors_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="That the templates were made under.",
    )
    counted_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was counted ahead as a failure."
    )
    in_vain = models.BooleanField(default=False, help_text="The account is locked, which nobody is told.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often the comparison was started.")
    begun_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the try under way was started."
    )
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
            models.CheckConstraint(
                condition=models.Q(anchors_version=None)
                | models.Q(anchors_version=models.F("model_version")),
                name="attempt_compares_within_one_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject or 'unknown account'}, {self.created_at:%Y-%m-%d %H:%M:%S}"

    def seal_context(self, column: str) -> str:
        return f"probe:{self.session_id}"

    @property
    def frames(self) -> list[bytes]:
        """The files as they came: one picture, or the frames that answer the session's challenge."""
        return unpack(unseal(self.sealed_probe, context=self.seal_context("sealed_probe")))

    @frames.setter
    def frames(self, files: list[bytes]) -> None:
        self.sealed_probe = seal(pack(files), context=self.seal_context("sealed_probe"))

    def decide(self, decision: str) -> None:
        self._leave_pending()
        self.state, self.decision = self.State.DECIDED, decision

    def void(self, reason: str) -> None:
        self._leave_pending()
        self.state, self.reason = self.State.VOID, reason

    def failure_take_back(self) -> None:
        """What was counted ahead was no failure. In vain, only the login as typed was counted."""
        session = self.session
        FailureCount.take_back(
            [session.login_key] if self.in_vain else session.failure_keys,
            self.counted_at,
            source_key=session.account_key,
        )

    def _leave_pending(self) -> None:
        if self.state != self.State.PENDING:
            raise IllegalTransition(f"expected a pending attempt, this one is {self.state}")
        self.sealed_probe = b""
        self.decided_at = timezone.now()
