"""Reads. They never write."""

from typing import Any, TypeVar

from allauth.account.utils import filter_users_by_email
from django.db.models import QuerySet

from enrollment.models import Consent, ModelVersion, Subject, User
from enrollment.selectors import anchor_status, has_consent, subject_of
from verification.models import Attempt, Identification, Inquiry, VerificationSession

AnyInquiry = TypeVar("AnyInquiry", bound=Inquiry)


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


def inquiry_of(model: type[AnyInquiry], inquiry_id: str, owner: User) -> AnyInquiry | None:
    """The inquiry, if it is this user's own; without the pictures, which may weigh megabytes."""
    rows = model._default_manager.defer("sealed_pictures").select_related("model_version")
    return rows.filter(pk=inquiry_id, owner=owner).first()


def may_identify(user: User) -> bool:
    """Whether somebody may ask whose face a picture shows."""
    return user.is_staff and user.has_perm("verification.add_identification")


def candidates_of(identification: Identification) -> list[dict[str, Any]]:
    """Whom a picture resembles, nearest first, by the names they have now; people who are gone have none."""
    found: list[dict[str, Any]] = identification.answer.get("candidates", [])
    people = Subject.objects.select_related("user").in_bulk([candidate["subject"] for candidate in found])
    return [candidate | {"name": str(people.get(candidate["subject"], ""))} for candidate in found]


def model_versions() -> QuerySet[ModelVersion]:
    """Every version that pictures can be compared under; by its state the active one sorts first."""
    return ModelVersion.objects.order_by("state", "name")
