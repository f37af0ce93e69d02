"""Reads. They never write."""

from allauth.account.utils import filter_users_by_email

from enrollment.models import Consent, Subject, User
from enrollment.selectors import anchor_status, has_consent, subject_of
from verification.models import Attempt, VerificationSession


def user_by_login(login: str) -> User | None:
    """The account a person names by user name or e-mail address."""
    login = login.strip()
    by_name = User.objects.filter(username__iexact=login).first()
    if by_name or "@" not in login:
        return by_name
    by_address: list[User] = filter_users_by_email(login, prefer_verified=True)
    return by_address[0] if by_address else None


def comparable_subject(session: VerificationSession) -> Subject | None:
    """Whose face the session may be won with, or None: unknown or closed account, staff at sign-in, no usable face."""
    user = session.user
    if user is None or not user.is_active:
        return None
    if session.purpose == VerificationSession.Purpose.SIGN_IN and (user.is_staff or user.is_superuser):
        return None
    subject = subject_of(user)
    if subject is None or not has_consent(subject, Consent.Purpose.SIGN_IN):
        return None
    return subject if anchor_status(subject).usable else None


def session_of(session_id: str, browser_key: str) -> VerificationSession | None:
    """The session, if it was opened by this browser."""
    return VerificationSession.objects.filter(pk=session_id, browser_key=browser_key).first()


def attempts_in(session: VerificationSession) -> int:
    return Attempt.objects.filter(session=session).count()
