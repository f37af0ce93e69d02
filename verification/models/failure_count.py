from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone

from verification import policy
from verification.models.source import Source


class FailureCount(models.Model):
    """Consecutive failed tries on an account, or on a login as typed. Raised before each comparison."""

    account_key = models.CharField(primary_key=True, max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    failures = models.PositiveIntegerField(default=0)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    previous_failed_at = models.DateTimeField(null=True, blank=True)
    notice_queued_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the owner's mail about a lock waits to be sent."
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["notice_queued_at"],
                condition=models.Q(notice_queued_at__isnull=False),
                name="failure_notice_queued",
            )
        ]

    def __str__(self) -> str:
        return f"{self.failures} failures"

    @property
    def is_off(self) -> bool:
        return policy.is_off(self.failures)

    @property
    def locked_until(self) -> datetime | None:
        return policy.lockout_until(failures=self.failures, last_failed_at=self.last_failed_at)

    @property
    def is_locked(self) -> bool:
        until = self.locked_until
        return self.is_off or (until is not None and until > timezone.now())

    def add(self, at: datetime) -> None:
        """Counts one failure."""
        self.failures += 1
        self.previous_failed_at, self.last_failed_at = self.last_failed_at, at
        self.save()

    @classmethod
    def take_back(cls, keys: list[str], at: datetime | None, *, source_key: str) -> None:
        """What was counted ahead at this time was no failure; unless another came since, the old time stands again.

        Keys come in the order in which tries lock them, so that none wait in a ring. `source_key` is the account that
        the address it came from was counted with.
        """
        if at is not None:
            Source.take_back(source_key, at)
        for key in keys:
            mine = cls.objects.filter(pk=key, failures__gt=0)
            if not mine.filter(last_failed_at=at).update(
                failures=F("failures") - 1, last_failed_at=F("previous_failed_at")
            ):
                mine.update(failures=F("failures") - 1)
