"""The count of failed tries on an account: raised before a comparison, so that parallel tries cannot slip past it."""

from django.db import transaction
from django.utils import timezone

from enrollment.crypto import keyed_digest
from enrollment.models import User
from verification.errors import FaceSignInOff, TooManyAttempts
from verification.models import FailureCount


def account_key(user: User | None, login: str) -> str:
    """Names the account in counts and sessions; accounts that do not exist count just like those that do."""
    name = f"user:{user.pk}" if user else f"login:{login.strip().lower()}"
    return keyed_digest(name.encode(), context="account")


def failures_check(key: str) -> None:
    """Raises TooManyAttempts or FaceSignInOff while the account is locked."""
    count = FailureCount.objects.filter(pk=key).first()
    if count is None:
        return
    if count.is_off:
        raise FaceSignInOff
    until = count.locked_until
    if until and (wait := (until - timezone.now()).total_seconds()) > 0:
        raise TooManyAttempts(retry_after_seconds=int(wait) + 1)


def failure_count(key: str) -> None:
    """Counts a failure ahead of the comparison, or refuses. Call inside a transaction."""
    FailureCount.objects.get_or_create(pk=key)
    count = FailureCount.objects.select_for_update().get(pk=key)
    failures_check(key)
    count.failures += 1
    count.last_failed_at = timezone.now()
    count.save(update_fields=["failures", "last_failed_at"])


@transaction.atomic
def failures_reset(user: User) -> None:
    """After a full sign-in the count starts afresh."""
    FailureCount.objects.filter(pk=account_key(user, "")).delete()
