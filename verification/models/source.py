import ipaddress
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from enrollment.models import AuditEvent
from verification import policy


def network_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 network that one IPv6 subscriber gets."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


class Source(models.Model):
    """An address that failures came from. Its row is locked while they are counted."""

    network = models.CharField(primary_key=True, max_length=64)
    blocked_at = models.DateTimeField(null=True, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-last_failed_at"]

    def __str__(self) -> str:
        return self.network

    @property
    def blocked_until(self) -> datetime | None:
        """When the block ends by itself, or None when there is none."""
        until = self.blocked_at + policy.SOURCE_BLOCKED_FOR if self.blocked_at else None
        return until if until and until > timezone.now() else None

    def failures_since(self, ago: timedelta) -> "models.QuerySet[SourceFailure]":
        return self.failures.filter(at__gt=timezone.now() - ago)

    def add(self, account_key: str, at: datetime) -> bool:
        """Counts one failure ahead. Answers whether it made the source a blocked one."""
        self.failures.create(account_key=account_key, at=at)
        self.last_failed_at = at
        spraying = self._is_spraying()
        self.blocked_at = at if spraying else None
        self.save()
        return spraying

    @classmethod
    def take_back(cls, account_key: str, at: datetime) -> None:
        """What was counted ahead at this time was no failure; a block that rests on it ends."""
        counted = SourceFailure.objects.filter(account_key=account_key, at=at)
        # Locked like everywhere before the accounts, and read before what leads to them is gone.
        sources = list(cls.objects.select_for_update().filter(pk__in=counted.values("source")))
        counted.delete()
        for source in sources:
            if source.blocked_at and not source._is_spraying():
                source.blocked_at = None
                source.save()
                AuditEvent.record(AuditEvent.Action.SOURCE_UNBLOCK, object_id=source.pk)

    def _is_spraying(self) -> bool:
        accounts = self.failures_since(policy.SOURCE_BLOCKED_FOR).values("account_key").distinct()
        return accounts.count() > policy.SOURCE_ACCOUNTS


class SourceFailure(models.Model):
    """One failure from a source, kept for a day."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="failures")
    account_key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["source", "at"], name="source_failure_at")]

    def __str__(self) -> str:
        return f"{self.source_id}, {self.at:%Y-%m-%d %H:%M:%S}"
