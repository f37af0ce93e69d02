"""Taking in a probe, and waiting for what the worker decides."""

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from enrollment.errors import DomainError
from enrollment.selectors import one_or_none
from enrollment.services.waiting import wait_for
from verification.errors import FrameInProgress, ServiceUnavailable, SessionClosed
from verification.models import Attempt, VerificationSession
from verification.selectors import attempts_in
from verification.services.failures import failure_count
from verification.services.frames import frames_fault, frames_read
from verification.services.overload import queue_check
from verification.services.sessions import session_get
from verification.tasks import attempt_decide

MAX_ATTEMPTS = 6


def attempt_submit(session: VerificationSession, *files: "File[bytes]") -> Attempt:
    """Stores the pictures and queues their comparison; limits are counted first.

    Raises ImageRefused, FramesRefused, SessionClosed, FrameInProgress, TooManyAttempts, Overloaded, or
    ServiceUnavailable when the queue is down.
    """
    queue_check()
    frames = frames_read(session, list(files))
    try:
        return _attempt_store(session.pk, frames)
    except OperationalError as error:
        _give_up(session.pk)
        raise ServiceUnavailable from error


def attempt_submit_alone(session: VerificationSession, image: "File[bytes]") -> Attempt:
    """The same with the picture that a session was opened for: one that is refused leaves no session behind."""
    try:
        return attempt_submit(session, image)
    except ServiceUnavailable:  # closed already, and told of
        raise
    except DomainError:
        session.delete()
        raise


@transaction.atomic
def _attempt_store(session_id: str, frames: list[bytes]) -> Attempt:
    session = one_or_none(VerificationSession.objects.select_for_update().filter(pk=session_id))
    if session is None:
        raise SessionClosed
    if session.state == VerificationSession.State.IN_PROGRESS:
        raise FrameInProgress
    if (
        session.state != VerificationSession.State.CREATED
        or session.is_overdue
        or attempts_in(session) >= MAX_ATTEMPTS
    ):
        raise SessionClosed
    now = timezone.now()
    may_compare = failure_count(session, now)
    session.start()
    session.save()
    attempt = Attempt(session=session, counted_at=now, in_vain=not may_compare)
    attempt.frames, attempt.liveness = frames, frames_fault(session, frames, now)
    attempt.save()
    attempt_decide.delay_on_commit(attempt.pk)  # type: ignore[attr-defined]
    return attempt


@transaction.atomic
def _give_up(session_id: str) -> None:
    """Nobody will look at the probe: erase it, and say so."""
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    session.void_attempts("service_unavailable")
    if session.state in VerificationSession.OPEN:
        session.fail("service_unavailable")
        session.save()
        session.announce()


def attempt_wait(
    session_id: str, browser_key: str, *, seconds: float, submitted: Attempt | None = None
) -> VerificationSession:
    """The session once its picture is decided, or as it is after so many seconds (RFC 7240 `wait`)."""
    return wait_for(
        session_id,
        lambda: session_get(session_id, browser_key),
        lambda session: session.state != VerificationSession.State.IN_PROGRESS,
        seconds=seconds,
        known=submitted.session if submitted else None,
    )
