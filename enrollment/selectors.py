"""Reads. They never write."""

from collections import Counter
from datetime import timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from enrollment.errors import ModelUnavailable
from enrollment.models import Consent, ModelVersion, PeopleSet, Sample, Subject, Template, TrainingRun, User
from enrollment.policy import AnchorStatus, consent_text, consent_text_ends

Row = TypeVar("Row", bound=Model)


def one_or_none(rows: QuerySet[Row]) -> Row | None:
    """The row of a question that has one answer at most; `first` would sort, and take half as long again."""
    try:
        return rows.get()
    except ObjectDoesNotExist:
        return None


def user_of(request: HttpRequest | Request) -> User:
    """The signed-in user; raises PermissionDenied for anybody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def subject_of(user: User) -> Subject | None:
    return Subject.objects.filter(user=user).first()


def has_consent(subject: Subject | None, purpose: Consent.Purpose) -> bool:
    return Consent.objects.filter(subject=subject, purpose=purpose, withdrawn_at=None).exists()


def older_consents(subject: Subject | None) -> list[Consent]:
    """The standing consents that were given to another wording than today's."""
    standing = Consent.objects.filter(subject=subject, withdrawn_at=None)
    return list(standing.exclude(text_version=consent_text()))


def may_add_pictures(subject: Subject | None) -> bool:
    """Whether the consent for sign-in stands, and for today's wording."""
    standing = standing_consents(subject)[Consent.Purpose.SIGN_IN]
    return standing is not None and standing.text_version == consent_text()


def counting_text(lookup: str) -> dict[str, str]:
    """The filter on the wordings under which a face signs in: for some weeks all of them, then today's alone."""
    return {} if timezone.localdate() < consent_text_ends() else {lookup: consent_text()}


def standing_consents(subject: Subject | None) -> dict[str, Consent | None]:
    """Each purpose with the consent that stands, if any."""
    standing = {c.purpose: c for c in Consent.objects.filter(subject=subject, withdrawn_at=None)}
    return {purpose: standing.get(purpose) for purpose in Consent.Purpose.values}


def anchor_status(subject: Subject | None) -> AnchorStatus:
    counts = Sample.objects.filter(subject=subject).aggregate(
        accepted=Count("pk", filter=Q(state=Sample.State.ACCEPTED)),
        pending=Count("pk", filter=Q(state=Sample.State.PENDING)),
    )
    return AnchorStatus(**counts, minimum=settings.FACE_MIN_ANCHORS, maximum=settings.FACE_MAX_ANCHORS)


def may_sign_in_by_face(subject: Subject | None) -> bool:
    """Whether the site lets a face sign this person in, and knows theirs."""
    user = subject.user if subject else None
    if user is None or user.is_staff or user.is_superuser or settings.FACE_SIGN_IN == "off":
        return False
    consents = Consent.objects.filter(
        subject=subject,
        purpose=Consent.Purpose.SIGN_IN,
        withdrawn_at=None,
        **counting_text("text_version"),
    )
    return consents.exists() and anchor_status(subject).usable


def samples_of(subject: Subject | None) -> QuerySet[Sample]:
    """A person's pictures without the heavy columns."""
    return Sample.objects.filter(subject=subject).defer("sealed_crop")


def backend_subjects() -> QuerySet[Subject]:
    """People without accounts, whom backends keep."""
    return Subject.objects.filter(user=None)


def backend_subject(public_id: UUID) -> Subject | None:
    return backend_subjects().filter(public_id=public_id).first()


def sample_of(user: User, sample_id: UUID) -> Sample | None:
    """The sample, if it is this user's own."""
    return Sample.objects.filter(pk=sample_id, subject__user=user).first()


def active_model_version() -> ModelVersion:
    """The version that everybody is compared under; raises ModelUnavailable when there is none."""
    version = one_or_none(ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE))
    if version is None:
        raise ModelUnavailable
    return version


def anchor_templates(subject: Subject, version: ModelVersion) -> list[Template]:
    """Templates of a person's accepted samples under one version."""
    return list(
        Template.objects.filter(
            sample__subject=subject, sample__state=Sample.State.ACCEPTED, model_version=version
        ).order_by("created_at")
    )


class TrainingSample(NamedTuple):
    """A sample that may be learned from, and whose it is."""

    sample_id: UUID
    subject_id: int


def training_samples() -> list[TrainingSample]:
    """Accepted samples, old enough, of people who agreed to training: the newest few of each who has at least two."""
    oldest = timezone.now() - timedelta(hours=settings.RETRAINING_MIN_AGE_HOURS)
    consents = Consent.objects.filter(
        purpose=Consent.Purpose.TRAINING, withdrawn_at=None, text_version=consent_text()
    )
    rows = Sample.objects.filter(
        state=Sample.State.ACCEPTED, decided_at__lt=oldest, subject__in=consents.values("subject")
    ).order_by("subject_id", "-decided_at", "pk")
    of_person: dict[int, list[UUID]] = {}
    for sample_id, subject_id in rows.values_list("pk", "subject_id"):
        own = of_person.setdefault(subject_id, [])
        if len(own) < settings.RETRAINING_MAX_SAMPLES:
            own.append(sample_id)
    return [
        TrainingSample(sample_id, subject_id)
        for subject_id, own in of_person.items()
        if len(own) > 1
        for sample_id in own
    ]


def new_training_subjects() -> int:
    """How many people may be learned from whom the last judged training did not know."""
    people = {str(sample.subject_id) for sample in training_samples()}
    judged = (TrainingRun.State.SUCCEEDED, TrainingRun.State.REFUSED)
    trained = ModelVersion.objects.filter(
        created_by_run__kind=TrainingRun.Kind.TRAIN, created_by_run__state__in=judged
    )
    last = trained.order_by("-created_by_run").first()
    return len(people - set(last.lineage.get("subjects", {}) if last else ()))


def refusals_by_reason() -> list[tuple[str, int]]:
    """How many pictures were turned down for each reason, the most frequent first."""
    rejected = Sample.objects.filter(state=Sample.State.REJECTED).values_list("reasons", flat=True)
    return Counter(code for reasons in rejected.iterator() for code in reasons).most_common()


def open_training_run() -> TrainingRun | None:
    return TrainingRun.objects.filter(state__in=TrainingRun.OPEN).first()


def newest_people_set(purpose: PeopleSet.Purpose) -> PeopleSet | None:
    return PeopleSet.objects.filter(purpose=purpose).first()
