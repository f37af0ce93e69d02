"""Reads. They never write."""

from typing import Any, TypeVar

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from enrollment.models import Consent, ModelVersion, Sample, Subject, User
from enrollment.models.model_version import bulk_of
from enrollment.selectors import counting_text, one_or_none
from verification import policy
from verification.models import Attempt, Identification, Inquiry, VerificationSession
from verification.models.inquiry import Asker, owned_by
from verification.models.session import is_token

DRIFT_MONTHS, DRIFT_SIGN_INS = 6, 50_000
AnyInquiry = TypeVar("AnyInquiry", bound=Inquiry)


def user_by_login(login: str) -> User | None:
    """The account a person names by user name or e-mail address."""
    login = login.strip()
    if "@" not in login:
        # Of names that differ in their letters' case alone, the one that was typed.
        named = User.objects.filter(username__iexact=login).annotate(exact=Q(username=login))
        return named.order_by("-exact", "pk").first()
    # One query, known or not; an address that somebody proved to be theirs goes before one that was only typed.
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"), email__iexact=login)
    users = User.objects.filter(Q(email__iexact=login) | Exists(addresses))
    return users.annotate(proven=Exists(addresses.filter(verified=True))).order_by("-proven", "pk").first()


def comparable_subject(session: VerificationSession) -> Subject | None:
    """Whose face the session may be won with, or None: unknown or closed account, staff at sign-in, no usable face.

    One query, whatever the answer: how long it takes tells nothing.
    """
    whose: dict[str, Any] = {"user_id": session.user_id or 0, "user__is_active": True}
    if session.subject_id:
        whose = {"pk": session.subject_id, "user": None}
    if session.purpose == VerificationSession.Purpose.SIGN_IN:
        whose |= {"user__is_staff": False, "user__is_superuser": False}
    accepted = Sample.objects.filter(subject=OuterRef("pk"), state=Sample.State.ACCEPTED)
    last_wanted = settings.FACE_MIN_ANCHORS - 1
    people = Subject.objects.filter(
        Exists(accepted[last_wanted : last_wanted + 1]),
        **whose,
        consents__purpose=Consent.Purpose.SIGN_IN,
        consents__withdrawn_at=None,
        **counting_text("consents__text_version"),
    )
    return one_or_none(people)


def session_of(session_id: str, browser_key: str) -> VerificationSession | None:
    """The session, if it was opened by this browser."""
    if not is_token(session_id):
        return None
    return one_or_none(VerificationSession.objects.filter(pk=session_id, browser_key=browser_key))


def last_challenge(login_key: str) -> tuple[str, list[str]]:
    """The session that asked last for this login; and what, if that was lately and no face was compared for it.

    Pictures without a usable face are no answer, since they count for nothing.
    """
    decided = Attempt.objects.filter(session=OuterRef("pk"), state=Attempt.State.DECIDED)
    asked = VerificationSession.objects.filter(login_key=login_key).exclude(challenge=[])
    last = asked.annotate(answered=Exists(decided)).order_by("-created_at").first()
    if last is None:
        return "", []
    stands = last.created_at > timezone.now() - policy.CHALLENGE_STANDS_FOR and not last.answered
    return last.pk, last.challenge if stands else []


def has_signed_in_from(user: User, browser_key: str) -> bool:
    """Whether this browser or app has signed this account in by face before."""
    used = VerificationSession.objects.filter(user=user, browser_key=browser_key, consumed_at__isnull=False)
    return used.count() > 1  # one of them is the present


def attempts_in(session: VerificationSession) -> int:
    return Attempt.objects.filter(session=session).count()


def inquiry_of(model: type[AnyInquiry], inquiry_id: str, asker: Asker) -> AnyInquiry | None:
    """The inquiry, if it is this asker's own; without the pictures, which may weigh megabytes."""
    if not is_token(inquiry_id):
        return None
    rows = model._default_manager.select_related("model_version")
    rows = rows.defer("sealed_pictures", *bulk_of("model_version"))
    return rows.filter(pk=inquiry_id, **owned_by(asker)).first()


def may_identify(user: User) -> bool:
    """Whether somebody may ask whose face a picture shows."""
    return user.is_staff and user.has_perm("verification.add_identification")


def candidates_of(identification: Identification) -> list[dict[str, Any]]:
    """Whom a picture resembles, nearest first, by the names they have now; people who are gone have none.

    `subject` is the row's own id, for staff; others know people by `public_id`.
    """
    found: list[dict[str, Any]] = identification.answer.get("candidates", [])
    people = Subject.objects.select_related("user").in_bulk([candidate["subject"] for candidate in found])
    return [candidate | _names(people.get(candidate["subject"])) for candidate in found]


def _names(subject: Subject | None) -> dict[str, str | None]:
    if subject is None:
        return {"name": "", "public_id": None, "external_id": None}
    return {
        "name": str(subject),
        "public_id": str(subject.public_id),
        "external_id": subject.external_id,
    }


def margins_by_month() -> dict[str, list[float]]:
    """How far the scores of accepted sign-ins lay above the threshold, ascending, in each of the latest months."""
    accepted = Attempt.objects.filter(decision=Attempt.Decision.MATCH).order_by("-decided_at")
    margins = accepted.annotate(margin=F("similarity") - F("threshold")).exclude(margin=None)
    months: dict[str, list[float]] = {}
    for decided_at, margin in reversed(margins.values_list("decided_at", "margin")[:DRIFT_SIGN_INS]):
        months.setdefault(f"{decided_at:%Y-%m}", []).append(margin)
    return {month: sorted(margins) for month, margins in list(months.items())[-DRIFT_MONTHS:]}


def model_versions() -> QuerySet[ModelVersion]:
    """Every version that pictures can be compared under; by its state the active one sorts first."""
    states = [ModelVersion.State.ACTIVE, ModelVersion.State.CANDIDATE, ModelVersion.State.RETIRED]
    return ModelVersion.objects.filter(state__in=states).order_by("state", "name")
