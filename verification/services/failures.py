"""The count of failed tries: raised before a comparison, so that parallel tries cannot slip past it.

Each try counts twice: under the login as typed, and under the account it names. Whoever types is told of the first lock
only, since that one is the same whether or not there is such an account. An account that is locked through another
spelling is compared in vain: the answer looks like any other "no match".
"""

import unicodedata
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Case, When
from django.utils import timezone

from enrollment.crypto import keyed_digest
from enrollment.models import AuditEvent, Subject, User
from enrollment.selectors import one_or_none, subject_of
from verification import policy
from verification.errors import FaceSignInOff, TooManyAttempts
from verification.models import FailureCount, VerificationSession
from verification.services.sources import source_count, source_lock


def account_key(user: User | None, login: str) -> str:
    """Names the account in counts and sessions; accounts that do not exist count just like those that do."""
    return _key(f"user:{user.pk}" if user else f"nobody:{_folded(login)}")


def login_key(login: str) -> str:
    """Names a login as typed, however its letters are written."""
    return _key(f"login:{_folded(login)}")


def subject_key(subject: Subject) -> str:
    """Names somebody without an account in counts."""
    return _key(f"subject:{subject.public_id}")


def _folded(login: str) -> str:
    return unicodedata.normalize("NFKC", login).casefold().strip()


def _key(name: str) -> str:
    return keyed_digest(name.encode(), context="account")


def failures_check(key: str) -> None:
    """Raises TooManyAttempts or FaceSignInOff while this key is locked."""
    count = one_or_none(FailureCount.objects.filter(pk=key))
    if count is not None:
        _refuse(count)


def _refuse(count: FailureCount) -> None:
    if count.is_off:
        raise FaceSignInOff
    until = count.locked_until
    if until and count.is_locked:
        raise TooManyAttempts(retry_after_seconds=int((until - timezone.now()).total_seconds()) + 1)


def failure_count(session: VerificationSession, at: datetime) -> bool:
    """Counts a failure ahead of the comparison, or refuses. Answers whether the account itself may be compared."""
    own = session.account_key == session.login_key
    source = source_lock(session)  # before the accounts: always in this order, so that none wait in a ring
    typed = _for_update(session.login_key, session.user_id if own else None)
    _refuse(typed)
    source_count(source, session, at)
    typed.add(at)
    if own:
        return True
    account = _for_update(session.account_key, session.user_id)
    if account.is_locked:
        return False
    account.add(at)
    return True


def _for_update(key: str, user_id: int | None) -> FailureCount:
    # By its id: to fetch the account would be one query more for those that exist.
    count, _ = FailureCount.objects.select_for_update().get_or_create(pk=key, defaults={"user_id": user_id})
    return count


@transaction.atomic
def failures_reset(user: User) -> None:
    """After a full sign-in the counts start afresh."""
    addresses = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    logins = {user.get_username(), user.email, *addresses}
    account = account_key(user, "")
    counts = FailureCount.objects.filter(pk__in={account, *(login_key(login) for login in logins)})
    # The account last, as tries lock them, so that none wait in a ring.
    ordered = counts.select_for_update().order_by(Case(When(pk=account, then=1), default=0), "pk")
    locked = any(count.failures >= policy.FREE_FAILURES for count in ordered)
    counts.delete()
    if locked:
        AuditEvent.record(AuditEvent.Action.FACE_UNLOCK, subject=subject_of(user), object_id=user.pk)


@transaction.atomic
def failure_count_reset(count: FailureCount) -> None:
    """Staff unlock what no account stands behind: a subject of a backend, or a login as typed."""
    FailureCount.objects.filter(pk=count.pk).delete()
    AuditEvent.record(AuditEvent.Action.FACE_UNLOCK, object_id=count.pk)
