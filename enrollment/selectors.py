"""Reads. They never write."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from rest_framework.request import Request

from enrollment.errors import ModelUnavailable
from enrollment.models import Consent, ModelVersion, Sample, Subject, Template, User
from enrollment.policy import AnchorStatus


def user_of(request: HttpRequest | Request) -> User:
    """The signed-in user; raises PermissionDenied for anybody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def subject_of(user: User) -> Subject | None:
    return Subject.objects.filter(user=user).first()


def has_consent(subject: Subject | None, purpose: Consent.Purpose) -> bool:
    return Consent.objects.filter(subject=subject, purpose=purpose, withdrawn_at=None).exists()


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


def samples_of(subject: Subject | None) -> QuerySet[Sample]:
    """A person's pictures without the heavy columns."""
    return Sample.objects.filter(subject=subject).defer("sealed_crop")


def sample_of(user: User, sample_id: UUID) -> Sample | None:
    """The sample, if it is this user's own."""
    return Sample.objects.filter(pk=sample_id, subject__user=user).first()


def active_model_version() -> ModelVersion:
    """The version that everybody is compared under; raises ModelUnavailable when there is none."""
    version = ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).first()
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
