import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from enrollment.crypto import seal, unseal
from enrollment.errors import IllegalTransition
from enrollment.models.subject import Subject
from enrollment.reasons import reason_messages
from enrollment.storage import faces_storage, random_name


class Sample(models.Model):
    """A picture given at enrollment. An accepted one is what people see as an anchor.

    States::

        PENDING --accept()--> ACCEPTED
           |
           +----reject()----> REJECTED   (its picture is erased)
    """

    class State(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="samples")
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    # As it was sent while pending; then made anew from what can be seen in it.
    image = models.FileField(storage=faces_storage, upload_to=random_name, blank=True, help_text="Encrypted.")
    image_digest = models.CharField(
        max_length=64, help_text="Keyed fingerprint of the file, to notice it twice."
    )
    sealed_crop = models.BinaryField(default=bytes, help_text="Aligned face, JPEG, encrypted.")
    reasons = models.JSONField(default=list, blank=True)
    quality = models.JSONField(default=dict, blank=True)
    box = models.JSONField(
        default=dict, blank=True, help_text="Where the face is, in pixels of the upright picture."
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often extraction was started.")
    begun_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the try under way was started."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at"]
        indexes: ClassVar = [models.Index(fields=["state", "queued_at"], name="sample_state_queued")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="pending", decided_at=None)
                | (~models.Q(state="pending") & ~models.Q(decided_at=None)),
                name="sample_decided_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.created_at:%Y-%m-%d %H:%M:%S}"

    @property
    def crop(self) -> bytes:
        """The aligned face as JPEG."""
        return unseal(self.sealed_crop, context=self.seal_context("sealed_crop"))

    def seal_context(self, column: str) -> str:
        return f"crop:{self.pk}"

    @property
    def reason_messages(self) -> list[str]:
        """Why it was rejected, in words a person can act on."""
        return reason_messages(self.reasons)

    def accept(self, *, crop: bytes, quality: dict[str, float], box: dict[str, float] | None = None) -> None:
        self._leave_pending()
        self.state, self.quality, self.box = self.State.ACCEPTED, quality, box or {}
        self.sealed_crop = seal(crop, context=self.seal_context("sealed_crop"))

    def reject(
        self,
        reasons: list[str],
        *,
        quality: dict[str, float] | None = None,
        box: dict[str, float] | None = None,
    ) -> None:
        """Keeps the reasons; the caller erases the file once the row is saved."""
        self._leave_pending()
        self.state, self.reasons = self.State.REJECTED, reasons
        self.quality, self.box = quality or {}, box or {}
        self.image = ""

    def _leave_pending(self) -> None:
        if self.state != self.State.PENDING:
            raise IllegalTransition(f"expected a pending sample, this one is {self.state}")
        self.decided_at = timezone.now()
