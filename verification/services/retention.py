"""Erasing what was kept long enough; see the settings RETENTION_*_DAYS and the page about privacy."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Max, Q
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
from enrollment.services import consent_withdraw, orphans_erase, subject_delete
from verification import policy
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


def retention_purge() -> dict[str, int]:
    """Erases everything whose time is over. Answers how many of each."""
    now = timezone.now()
    records = now - timedelta(days=settings.RETENTION_RECORDS_DAYS)
    audit = now - timedelta(days=settings.RETENTION_AUDIT_DAYS)
    erased = {
        "unused faces": _unused_faces_erase(now - timedelta(days=settings.RETENTION_FACE_DAYS)),
        "rejected pictures": _rejected_erase(now - timedelta(days=settings.RETENTION_REJECTED_DAYS)),
        "reports of imports": SubjectImport.objects.filter(
            created_at__lt=now - timedelta(days=settings.RETENTION_REJECTED_DAYS)
        ).delete()[0],
        "sign-in sessions": VerificationSession.objects.filter(created_at__lt=records).delete()[0],
        "identifications": Identification.objects.filter(created_at__lt=records).delete()[0],
        "digests of frames": SeenFrame.objects.filter(seen_at__lt=records).delete()[0],
        "failure counts": FailureCount.objects.filter(
            # Whoever is switched off stays so until a full sign-in; and all that was taken back counts nothing.
            Q(last_failed_at__lt=records, failures__lt=policy.FAILURES_UNTIL_OFF) | Q(failures=0)
        ).delete()[0],
        "addresses": _sources_erase(),
        "devices": UserSession.objects.filter(
            last_seen_at__lt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
        ).delete()[0],
        "webhook deliveries": WebhookDelivery.objects.filter(
            created_at__lt=now - timedelta(days=settings.RETENTION_WEBHOOKS_DAYS)
        ).delete()[0],
        "stored answers": StoredAnswer.objects.expired().delete()[0],
        "audit events": AuditEvent.objects.filter(created_at__lt=audit).expire(),
        "admin log entries": LogEntry.objects.filter(action_time__lt=audit).delete()[0],
        "files of nobody": orphans_erase(),
    }
    AuditEvent.record(AuditEvent.Action.PURGE, details=erased)
    return erased


def _unused_faces_erase(oldest: datetime) -> int:
    """Faces that nobody enrolled, consented with or was recognised by since."""
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
    unused = used.filter(last_used__lt=oldest)
    people = list(User.objects.filter(subject__in=unused.values("pk")))
    for user in people:
        for purpose in Consent.Purpose.values:
            consent_withdraw(user, purpose)
    of_backends = list(backend_subjects().filter(pk__in=unused.values("pk")))
    for subject in of_backends:
        subject_delete(subject)
    return len(people) + len(of_backends)


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
