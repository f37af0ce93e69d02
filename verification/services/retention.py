"""Erasing what was kept long enough; see the settings RETENTION_*_DAYS and the page about privacy."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from enrollment.models import (
    AuditEvent,
    Consent,
    Sample,
    StoredAnswer,
    Subject,
    SubjectImport,
    User,
    WebhookDelivery,
)
from enrollment.selectors import backend_subjects
from enrollment.services import consent_withdraw, models_orphans_erase, orphans_erase, subject_delete
from verification import policy
from verification.errors import PurgeIncomplete
from verification.models import (
    FailureCount,
    Identification,
    SeenFrame,
    Source,
    SourceFailure,
    VerificationSession,
)

# Of pictures that were turned down, only the reasons are kept; of each person these many.
MOST_REJECTED = 20
UNUSED = "unused faces"

logger = logging.getLogger(__name__)


def retention_purge() -> dict[str, int]:
    """Erases everything whose time is over. Answers how many of each.

    What cannot be erased stops nothing else. Raises PurgeIncomplete in the end.
    """
    purge = _Purge()
    for what, step in _steps(purge).items():
        purge.erase(what, step)
    failed = {"failed": purge.failed} if purge.failed else {}
    outcome = AuditEvent.Outcome.REFUSED if failed else AuditEvent.Outcome.SUCCESS
    AuditEvent.record(AuditEvent.Action.PURGE, outcome, details=purge.erased | failed)
    if failed:
        raise PurgeIncomplete(purge.erased, purge.failed)
    return purge.erased


class _Purge:
    """Counts what was erased, and names what could not be."""

    def __init__(self) -> None:
        self.erased: dict[str, int] = {}
        self.failed: list[str] = []

    def erase(self, what: str, step: Callable[[], int]) -> None:
        self.erased.setdefault(what, 0)
        try:
            count = step()
        except Exception:
            logger.exception("purge: some %s could not be erased", what)
            self.failed += [what] if what not in self.failed else []
        else:
            self.erased[what] += count


def _steps(purge: _Purge) -> dict[str, Callable[[], int]]:
    now = timezone.now()
    records = now - timedelta(days=settings.RETENTION_RECORDS_DAYS)
    rejected = now - timedelta(days=settings.RETENTION_REJECTED_DAYS)
    audit = now - timedelta(days=settings.RETENTION_AUDIT_DAYS)
    over: dict[str, QuerySet[Any]] = {
        "reports of imports": SubjectImport.objects.filter(created_at__lt=rejected),
        "sign-in sessions": VerificationSession.objects.filter(created_at__lt=records),
        "identifications": Identification.objects.filter(created_at__lt=records),
        "digests of frames": SeenFrame.objects.filter(seen_at__lt=records),
        "failure counts": FailureCount.objects.filter(
            # Whoever is switched off stays so until a full sign-in; and all that was taken back counts nothing.
            Q(last_failed_at__lt=records, failures__lt=policy.FAILURES_UNTIL_OFF) | Q(failures=0)
        ),
        "devices": UserSession.objects.filter(
            last_seen_at__lt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
        ),
        "webhook deliveries": WebhookDelivery.objects.filter(
            created_at__lt=now - timedelta(days=settings.RETENTION_WEBHOOKS_DAYS)
        ),
        "stored answers": StoredAnswer.objects.expired(),
        "admin log entries": LogEntry.objects.filter(action_time__lt=audit),
    }
    audited = AuditEvent.objects.filter(created_at__lt=audit)
    return {
        UNUSED: lambda: _unused_faces_erase(now - timedelta(days=settings.RETENTION_FACE_DAYS), purge),
        "rejected pictures": lambda: _rejected_erase(rejected),
        **{what: partial(_delete, rows) for what, rows in over.items()},
        "addresses": _sources_erase,
        "audit events": audited.expire,
        "files of nobody": orphans_erase,
        "models of nobody": models_orphans_erase,
    }


def _delete(rows: "QuerySet[Any]") -> int:
    return rows.delete()[0]


def _unused_faces_erase(oldest: datetime, purge: _Purge) -> int:
    """Faces that nobody enrolled, consented with or was recognised by since. Each person counts by themselves."""
    enrolled = Subject.objects.filter(Q(samples__isnull=False) | Q(user=None))
    used = enrolled.annotate(
        last_sample=Coalesce(Max("samples__created_at"), "created_at"),
        last_consent=Max("consents__granted_at"),
    ).annotate(
        last_used=Greatest(
            "last_sample",
            Coalesce("last_consent", "last_sample"),
            Coalesce("last_used_at", "last_sample"),
        )
    )
    unused = used.filter(last_used__lt=oldest).values("pk")
    for user in list(User.objects.filter(subject__in=unused)):
        purge.erase(UNUSED, partial(_face_erase, user))
    for subject in list(backend_subjects().filter(pk__in=unused)):
        purge.erase(UNUSED, partial(_subject_erase, subject))
    return 0


def _face_erase(user: User) -> int:
    for purpose in Consent.Purpose.values:
        consent_withdraw(user, purpose)
    return 1


def _subject_erase(subject: Subject) -> int:
    subject_delete(subject)
    return 1


def _rejected_erase(oldest: datetime) -> int:
    rejected = Sample.objects.filter(state=Sample.State.REJECTED)
    erased = rejected.filter(decided_at__lt=oldest).delete()[0]
    crowded = Subject.objects.filter(samples__in=rejected).distinct()
    for subject in crowded:
        newest = rejected.filter(subject=subject).order_by("-decided_at")[:MOST_REJECTED].values("pk")
        erased += (
            rejected.filter(subject=subject)
            .exclude(pk__in=list(newest.values_list("pk", flat=True)))
            .delete()[0]
        )
    return erased


def _sources_erase() -> int:
    over = timezone.now() - policy.SOURCE_BLOCKED_FOR
    SourceFailure.objects.filter(at__lt=over).delete()
    return Source.objects.filter(last_failed_at__lt=over).delete()[0]
