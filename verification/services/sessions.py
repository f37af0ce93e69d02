"""Opening, reading and using up verification sessions."""

import random

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from enrollment.crypto import keyed_digest
from enrollment.errors import IllegalTransition
from enrollment.models import User
from verification import policy
from verification.challenge import Liveness, draw
from verification.errors import FaceNotReady, SessionClosed, SessionNotFound
from verification.models import Attempt, VerificationSession
from verification.models.session import is_token
from verification.selectors import comparable_subject, last_challenge, session_of, user_by_login
from verification.services.failures import account_key, failures_check, login_key
from verification.services.overload import queue_check
from verification.services.sources import source_check


def session_open(
    *, purpose: str, browser_key: str, source: str | None, user: User | None = None, login: str = ""
) -> VerificationSession:
    """Opens a session, for a login as typed (known or not) or for the signed-in user.

    Raises Overloaded before anything else: whoever would be turned away with their pictures need not take any.
    """
    queue_check()
    if purpose == VerificationSession.Purpose.SIGN_IN:
        user = user_by_login(login)
    account = account_key(user, login)
    typed = login_key(login) if login else account
    session = VerificationSession(
        purpose=purpose,
        user=user,
        account_key=account,
        login_key=typed,
        browser_key=browser_key,
        source=source,
        challenge=_challenge(purpose, typed),
    )
    if purpose != VerificationSession.Purpose.SIGN_IN and comparable_subject(session) is None:
        raise FaceNotReady
    source_check(source)
    failures_check(session.login_key)
    session.save()
    return session


def _challenge(purpose: str, typed: str) -> list[str]:
    """Whoever wants in has to move; to see whether one is recognised, which opens nothing, a picture will do.

    What was asked and not answered is asked again: nobody opens sessions until the challenge of their film comes up.
    Nor many at once: what is drawn follows, by the site's key, from the login and the session that asked before.
    """
    if settings.LIVENESS == Liveness.OFF or purpose == VerificationSession.Purpose.VERIFY:
        return []
    actions, count = settings.LIVENESS_ACTIONS, settings.LIVENESS_ACTION_COUNT
    before, unanswered = last_challenge(typed)
    if len(unanswered) == count and set(unanswered) <= set(actions):
        return unanswered
    chance = random.Random(keyed_digest(f"{typed}:{before}".encode(), context="challenge"))
    return draw(actions, count, chance)


def session_get(session_id: str, browser_key: str) -> VerificationSession:
    """The session as it is now; reading it closes what is overdue. Raises SessionNotFound for another browser's."""
    session = session_of(session_id, browser_key)
    if session is None:
        raise SessionNotFound
    if _is_due(session):
        _close_overdue(session.pk)
        session.refresh_from_db()
    return session


def _is_due(session: VerificationSession) -> bool:
    """Whether an open session has run out, or its picture was not answered in time."""
    if session.state not in VerificationSession.OPEN:
        return False
    if session.is_overdue or session.state == VerificationSession.State.CREATED:
        return session.is_overdue
    unanswered = session.attempts.filter(
        state=Attempt.State.PENDING, created_at__lt=timezone.now() - policy.ANSWER_WITHIN
    )
    return unanswered.exists()


@transaction.atomic
def _close_overdue(session_id: str) -> None:
    session = VerificationSession.objects.select_for_update().filter(pk=session_id).first()
    if session is None or not _is_due(session):
        return
    if session.void_attempts("service_unavailable"):
        session.fail("service_unavailable")
        session.announce()
    else:
        session.expire()
    session.save()


@transaction.atomic
def session_consume(session_id: str, browser_key: str) -> User:
    """Uses up a successful sign-in session and answers whom to sign in. Raises SessionClosed for anything else."""
    if not is_token(session_id):
        raise SessionClosed
    session = (
        VerificationSession.objects.select_for_update(of=("self",))
        .filter(pk=session_id, browser_key=browser_key, purpose=VerificationSession.Purpose.SIGN_IN)
        .first()
    )
    if session is None:
        raise SessionClosed
    try:
        session.consume()  # before anything is asked about the account: a session without success tells nothing of it
    except IllegalTransition as error:
        raise SessionClosed from error
    subject = comparable_subject(session)
    if subject is None or subject.user is None:
        raise SessionClosed
    session.save()
    return subject.user
