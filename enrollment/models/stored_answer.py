import json
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from enrollment.crypto import seal, unseal
from enrollment.models.user import User

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(minutes=1)


class StoredAnswerManager(models.Manager["StoredAnswer"]):
    def claim(self, slot: str, *, request_digest: str, user: User | None) -> "StoredAnswer | None":
        """A row of one's own for work that nobody has begun, or nothing if somebody has."""
        try:
            with transaction.atomic():
                return self.create(slot=slot, request_digest=request_digest, user=user)
        except IntegrityError:
            return None

    def expired(self) -> models.QuerySet["StoredAnswer"]:
        return self.filter(created_at__lt=timezone.now() - KEPT_FOR)


class StoredAnswer(models.Model):
    """What was answered to a request with an idempotency key, to be answered again.

    claimed --store()--> stored --(24 h)--> deleted
       |------release()--> deleted: the work may be tried anew
       |------(a minute)--> take_over() by the next who asks: whoever claimed it was killed

    `slot` is a digest of caller and key: the key itself is not kept. A row whose `status` is empty is claimed; `token`
    is its present owner's, so that one who was taken over can no longer store or release.
    """

    slot = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    request_digest = models.CharField(max_length=64, editable=False)
    token = models.CharField(max_length=64, default=secrets.token_urlsafe, editable=False)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    sealed_answer = models.BinaryField(default=bytes, editable=False)
    claimed_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects: ClassVar[StoredAnswerManager] = StoredAnswerManager()

    def __str__(self) -> str:
        return f"{self.status or 'claimed'}, {self.created_at:%Y-%m-%d %H:%M:%S}"

    def seal_context(self, column: str) -> str:
        return f"stored_answer:{self.slot}:{column}"

    @property
    def is_expired(self) -> bool:
        return self.created_at < timezone.now() - KEPT_FOR

    @property
    def is_abandoned(self) -> bool:
        return self.status is None and self.claimed_at < timezone.now() - ABANDONED_AFTER

    @property
    def answer(self) -> Any:
        """The body that was stored, as JSON values. Raises SealBroken."""
        return json.loads(unseal(self.sealed_answer, context=self.seal_context("sealed_answer")))

    def take_over(self) -> bool:
        """Makes an abandoned claim one's own; false if somebody else was faster."""
        token, now = secrets.token_urlsafe(), timezone.now()
        if not self._mine().update(token=token, claimed_at=now):
            return False
        self.token, self.claimed_at = token, now
        return True

    def store(self, *, status: int, answer: bytes) -> None:
        """Ends the claim with an answer in JSON."""
        sealed = seal(answer, context=self.seal_context("sealed_answer"))
        self._mine().update(status=status, sealed_answer=sealed)

    def release(self) -> None:
        """Ends the claim without one."""
        self._mine().delete()

    def _mine(self) -> models.QuerySet["StoredAnswer"]:
        return StoredAnswer.objects.filter(pk=self.pk, token=self.token, status=None)
