"""Taking in a probe, and waiting for what the worker decides."""

import time

from django.core.files import File
from django.db import transaction
from kombu.exceptions import OperationalError

from enrollment.services import image_read
from verification.errors import FrameInProgress, ServiceUnavailable, SessionClosed
from verification.models import Attempt, VerificationSession
from verification.selectors import attempts_in, comparable_subject
from verification.services.failures import failure_count
from verification.services.sessions import session_get
from verification.tasks import attempt_decide

MAX_FRAMES = 6
POLL_SECONDS = 0.005


def attempt_submit(session: VerificationSession, file: "File[bytes]") -> Attempt:
    """Stores a probe and queues its comparison; limits are counted first.

    Raises ImageRefused, SessionClosed, FrameInProgress, TooManyAttempts, or ServiceUnavailable when the queue is down.
    """
    data = image_read(file)
    try:
        return _attempt_store(session.pk, data)
    except OperationalError as error:
        _give_up(session.pk)
        raise ServiceUnavailable from error


@transaction.atomic
def _attempt_store(session_id: str, data: bytes) -> Attempt:
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    if session.state == VerificationSession.State.IN_PROGRESS:
        raise FrameInProgress
    if (
        session.state != VerificationSession.State.CREATED
        or session.is_overdue
        or attempts_in(session) >= MAX_FRAMES
    ):
        raise SessionClosed
    failure_count(session.account_key)
    session.start()
    session.save()
    attempt = Attempt(session=session, subject=comparable_subject(session))
    attempt.probe = data
    attempt.save()
    attempt_decide.delay_on_commit(attempt.pk)  # type: ignore[attr-defined]
    return attempt


@transaction.atomic
def _give_up(session_id: str) -> None:
    """Nobody will look at the probe: erase it, and say so."""
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    for attempt in session.attempts.filter(state=Attempt.State.PENDING):
        attempt.void("service_unavailable")
        attempt.save()
    if session.state in VerificationSession.OPEN:
        session.fail("service_unavailable")
        session.save()


def attempt_wait(session_id: str, browser_key: str, *, seconds: float) -> VerificationSession:
    """The session once its picture is decided, or as it is after so many seconds (RFC 7240 `wait`)."""
    deadline = time.monotonic() + seconds
    while True:
        session = session_get(session_id, browser_key)
        if session.state != VerificationSession.State.IN_PROGRESS or time.monotonic() >= deadline:
            return session
        time.sleep(POLL_SECONDS)
