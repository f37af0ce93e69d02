import json
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from enrollment.crypto import seal, unseal
from enrollment.errors import IllegalTransition
from enrollment.models import ModelVersion, ServiceKey, User
from verification import policy
from verification.models.packing import pack, unpack
from verification.models.session import session_token

# Whoever may ask: somebody with an account, or a backend.
Asker = User | ServiceKey


class Inquiry(models.Model):
    """What somebody asks of the worker about pictures they bring. Pictures and answer are encrypted.

    States::

        PENDING --decide(answer)--> DECIDED
           +----void(reasons)-----> VOID      (a picture was refused, or nobody answered)

    The pictures are erased as soon as the inquiry leaves PENDING.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DECIDED = "decided"
        VOID = "void"

    # What callers call the pictures, in order.
    PICTURES: ClassVar[tuple[str, ...]] = ()

    id = models.CharField(primary_key=True, max_length=43, default=session_token, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)ss"
    )
    service_key = models.ForeignKey(
        ServiceKey, on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)ss"
    )
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    reasons = models.JSONField(
        default=list, blank=True, help_text="Why there is no answer: which picture, and the code."
    )
    sealed_pictures = models.BinaryField(default=bytes)
    sealed_answer = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["state", "created_at"], name="%(class)s_state_created")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="pending") | models.Q(sealed_pictures=b""),
                name="%(class)s_pictures_erased",
            ),
            models.CheckConstraint(
                condition=models.Q(owner=None) | models.Q(service_key=None), name="%(class)s_has_one_asker"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name}, {self.created_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_overdue(self) -> bool:
        return self.state == self.State.PENDING and timezone.now() - self.created_at > policy.ANSWER_WITHIN

    def seal_context(self, column: str) -> str:
        return f"{self._meta.model_name}:{self.pk}:{column.removeprefix('sealed_')}"

    @property
    def pictures(self) -> list[bytes]:
        """The files as they came, in the order of PICTURES."""
        return unpack(unseal(self.sealed_pictures, context=self.seal_context("sealed_pictures")))

    @pictures.setter
    def pictures(self, files: list[bytes]) -> None:
        self.sealed_pictures = seal(pack(files), context=self.seal_context("sealed_pictures"))

    @property
    def answer(self) -> dict[str, Any]:
        """What the worker found; empty unless decided."""
        if not self.sealed_answer:
            return {}
        answer: dict[str, Any] = json.loads(
            unseal(self.sealed_answer, context=self.seal_context("sealed_answer"))
        )
        return answer

    def decide(self, answer: dict[str, Any]) -> None:
        self._leave_pending(self.State.DECIDED)
        self.sealed_answer = seal(json.dumps(answer).encode(), context=self.seal_context("sealed_answer"))

    def void(self, reasons: list[dict[str, str]]) -> None:
        self._leave_pending(self.State.VOID)
        self.reasons = reasons

    def _leave_pending(self, state: "Inquiry.State") -> None:
        if self.state != self.State.PENDING:
            raise IllegalTransition(f"expected a pending inquiry, this one is {self.state}")
        self.state, self.sealed_pictures, self.decided_at = state, b"", timezone.now()


def owned_by(asker: Asker) -> dict[str, Asker]:
    """The column that says who asked."""
    return {"owner": asker} if isinstance(asker, User) else {"service_key": asker}


def reason(code: str, *, picture: str = "") -> dict[str, str]:
    """One entry of an inquiry's reasons; no picture is named where none is at fault."""
    return {"picture": picture, "code": code}
