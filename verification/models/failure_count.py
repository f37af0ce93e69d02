from datetime import datetime

from django.db import models

from verification import policy


class FailureCount(models.Model):
    """Consecutive failed tries on one account, known or not. Raised before each comparison, reset by a full sign-in."""

    account_key = models.CharField(primary_key=True, max_length=64)
    failures = models.PositiveIntegerField(default=0)
    last_failed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.failures} failures"

    @property
    def is_off(self) -> bool:
        return policy.is_off(self.failures)

    @property
    def locked_until(self) -> datetime | None:
        return policy.lockout_until(failures=self.failures, last_failed_at=self.last_failed_at)
