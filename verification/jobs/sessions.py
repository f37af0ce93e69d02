"""Closing sessions that nobody comes back for."""

from django.db import transaction
from django.utils import timezone

from verification.models import VerificationSession


def sessions_expire() -> int:
    """Expires overdue sessions and erases probes left in them. Answers how many."""
    overdue = VerificationSession.objects.filter(
        state__in=VerificationSession.OPEN, expires_at__lte=timezone.now()
    )
    ids = list(overdue.values_list("pk", flat=True)[:500])
    for session_id in ids:
        _expire(session_id)
    return len(ids)


@transaction.atomic
def _expire(session_id: str) -> None:
    session = VerificationSession.objects.select_for_update().filter(pk=session_id).first()
    if session is None or session.state not in VerificationSession.OPEN:
        return
    session.void_attempts("expired")
    session.expire()
    session.save()
