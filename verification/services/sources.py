"""Limits on an address: trying one face on many accounts is as good as trying many faces on one."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from enrollment.models import AuditEvent
from enrollment.selectors import one_or_none
from verification import policy
from verification.errors import TooManyAttempts
from verification.models import Source, VerificationSession
from verification.models.source import network_of

logger = logging.getLogger(__name__)


def source_check(address: str | None) -> None:
    """Raises TooManyAttempts while this address is blocked or has to slow down."""
    source = one_or_none(Source.objects.filter(pk=network_of(address))) if address else None
    if source is not None:
        _refuse(source)


def source_lock(session: VerificationSession) -> Source | None:
    """The address a session came from, for this transaction alone."""
    if not session.source:
        return None
    network = network_of(session.source)
    source, _ = Source.objects.select_for_update().get_or_create(pk=network)
    return source


def source_count(source: Source | None, session: VerificationSession, at: datetime) -> None:
    """Counts a failure of this address ahead of the comparison, or refuses."""
    if source is None:
        return
    _refuse(source)
    if source.add(session.account_key, at):
        logger.warning("a source is blocked, the audit log says which: it failed on too many accounts")
        AuditEvent.record(AuditEvent.Action.SOURCE_BLOCK, AuditEvent.Outcome.REFUSED, source=session.source)


def _refuse(source: Source) -> None:
    now = timezone.now()
    if until := source.blocked_until:
        raise TooManyAttempts(retry_after_seconds=int((until - now).total_seconds()) + 1)
    limit = policy.SOURCE_FAILURES
    # In one question: others of this address are decided meanwhile, which takes failures away.
    recent = source.failures_since(policy.SOURCE_FAILURES_WITHIN).order_by("-at")
    times = list(recent.values_list("at", flat=True)[:limit])
    if len(times) == limit:
        wait = times[-1] + policy.SOURCE_FAILURES_WITHIN - now
        raise TooManyAttempts(retry_after_seconds=int(wait.total_seconds()) + 1)


@transaction.atomic
def source_unblock(source: Source) -> None:
    """Staff vouch for an address."""
    current = Source.objects.select_for_update().get(pk=source.pk)
    current.failures.all().delete()
    current.blocked_at = None
    current.save()
    AuditEvent.record(AuditEvent.Action.SOURCE_UNBLOCK, object_id=current.pk)
