"""From a pending picture to a template, or to the reasons against it."""

import logging
from dataclasses import asdict, dataclass, field
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from enrollment import metrics
from enrollment.bell import ring_on_commit, samples_bell
from enrollment.errors import ModelUnavailable
from enrollment.jobs.claims import claim_lost, is_free, try_begin, try_take_back
from enrollment.jobs.embedders import template_of, templates_beside
from enrollment.jobs.pipeline import embeddings_of, pipeline_for
from enrollment.models import AuditEvent, Consent, ModelVersion, Sample, Subject, Template, WebhookDelivery
from enrollment.models.promotion import kept_versions
from enrollment.models.webhook_delivery import public_id
from enrollment.models.webhook_endpoint import EventKind
from enrollment.reasons import Reason
from enrollment.selectors import active_model_version, anchor_status, anchor_templates, has_consent
from enrollment.storage import faces_storage
from ml.errors import ImageError
from ml.faces.images import decode, encode_jpeg
from ml.faces.quality import ENROLLMENT_GATE
from ml.serving.pipeline import FacePipeline
from ml.siamese.rules import TEMPLATE_MEAN, decision_rule
from ml.types import Picture

logger = logging.getLogger(__name__)

MAX_TRIES = 3
LOST_AFTER = timedelta(seconds=30)
# By then the worker would have been stopped.
LEASE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
# A new anchor must look like the earlier ones, at the threshold that one stranger in a thousand would pass.
SAME_PERSON_FMR = 1e-3


@dataclass(frozen=True)
class Finding:
    """What one picture gave: a face that can be compared, or the reasons why not.

    `upright` is the picture as it is kept, and `picture` the aligned face.
    """

    reasons: list[str]
    quality: dict[str, float]
    box: dict[str, float] = field(default_factory=dict)
    upright: bytes = b""
    crop: bytes = b""
    embedding: np.ndarray | None = None
    picture: Picture | None = None


def template_extract(sample_id: str, *, worker_lost: bool = False) -> int | None:
    """Decides one pending sample. Does nothing when it is gone, decided or being decided: a message may come twice.

    Answers whose face can be recognised with this sample, or None when it was not accepted or more are needed.
    """
    version = active_model_version()
    pipeline = pipeline_for(version)
    pending = Sample.objects.filter(pk=sample_id, state=Sample.State.PENDING)
    sample = pending.first()
    data = _read(sample) if sample else None
    # Only now is the try counted: neither a missing model nor storage or key is the picture's fault.
    if not sample or data is None or not try_begin(pending, lease=LEASE, worker_lost=worker_lost):
        return None
    given_up = sample.tries >= MAX_TRIES
    finding = Finding([Reason.PROCESSING_FAILED], {}) if given_up else _find(data, pipeline)
    try:
        usable = _decide(sample, finding, version, pipeline)
    except Exception:  # nor is what fails while the outcome is written: it waits for the sweep
        try_take_back(pending)
        raise
    return sample.subject_id if usable else None


def _read(sample: Sample) -> bytes | None:
    """The file; or None if the sample was decided by another worker meanwhile, or sealed anew."""
    try:
        with sample.image.open() as file:
            data: bytes = file.read()
    except FileNotFoundError:
        if Sample.objects.filter(pk=sample.pk, image=sample.image.name).exists():
            raise
        return None  # the sweep brings back what was sealed anew
    return data


def _find(data: bytes, pipeline: FacePipeline) -> Finding:
    try:
        extraction = pipeline.extract(data, gate=ENROLLMENT_GATE)
        upright = encode_jpeg(decode(data)) if extraction.accepted else b""
    except ImageError as error:
        return Finding([error.code], {})
    quality = asdict(extraction.quality) if extraction.quality else {}
    box = {name: round(value, 3) for name, value in asdict(extraction.box).items()} if extraction.box else {}
    if extraction.crop is None or extraction.embedding is None:
        return Finding([str(reason) for reason in extraction.reasons], quality, box)
    crop = encode_jpeg(extraction.crop)
    return Finding([], quality, box, upright, crop, extraction.embedding, extraction.crop)


@transaction.atomic
def _decide(sample: Sample, finding: Finding, version: ModelVersion, pipeline: FacePipeline) -> bool:
    """Writes the outcome; answers whether the face can be recognised with this sample.

    The person's row is locked, so that anchors are compared in turn.
    """
    subject = Subject.objects.select_for_update().filter(pk=sample.subject_id).first()
    current = Sample.objects.select_for_update().filter(pk=sample.pk, state=Sample.State.PENDING).first()
    if subject is None or current is None or not has_consent(subject, Consent.Purpose.SIGN_IN):
        return False
    if finding.embedding is not None and _is_same_person(subject, finding.embedding, version, pipeline):
        current.accept(crop=finding.crop, quality=finding.quality, box=finding.box)
        _image_replace(current, finding.upright)
        _store_templates(current, finding, version)
    else:
        name = str(current.image.name)
        reasons = finding.reasons or [Reason.NOT_SAME_PERSON]
        current.reject(reasons, quality=finding.quality, box=finding.box)
        transaction.on_commit(lambda: faces_storage().delete(name), robust=True)
    current.save()
    ring_on_commit(samples_bell(subject.pk))
    accepted = current.state == Sample.State.ACCEPTED
    AuditEvent.record(
        AuditEvent.Action.SAMPLE_DECIDE,
        AuditEvent.Outcome.SUCCESS if accepted else AuditEvent.Outcome.REFUSED,
        subject=subject,
        object_id=current.pk,
        model_version=version,
        details={"reasons": current.reasons},
    )
    WebhookDelivery.emit(
        EventKind.SAMPLE_ACCEPTED if accepted else EventKind.SAMPLE_REJECTED,
        {"sample": str(current.pk), "subject": public_id(subject), "reasons": current.reasons},
    )
    counter = metrics.SAMPLES.labels(current.state, current.reasons[0] if current.reasons else "")
    transaction.on_commit(counter.inc)
    logger.info("sample %s %s %s", current.pk, current.state, ",".join(current.reasons))
    usable = accepted and anchor_status(subject).usable
    if usable:
        subject.duplicates_due_at = timezone.now()
        subject.save(update_fields=["duplicates_due_at"])
    return usable


def _image_replace(sample: Sample, upright: bytes) -> None:
    """Keeps nothing of the file that was sent but what can be seen: no place, no camera, no notes, no thumbnail.

    Under a new name, so that the row names a whole file at any time. What a crash leaves behind is swept.
    """
    sent = str(sample.image.name)
    sample.image.save("", ContentFile(upright), save=False)
    transaction.on_commit(lambda: faces_storage().delete(sent), robust=True)


def _store_templates(sample: Sample, finding: Finding, version: ModelVersion) -> None:
    """Under the version that decided, and under every other in use, coming or kept: no change can overtake this."""
    ModelVersion.take_turns()
    others = [other for other in kept_versions() if other.pk != version.pk]
    if finding.embedding is None or finding.picture is None:
        return
    template_of(sample, version, finding.embedding).save()
    Template.objects.bulk_create(templates_beside(sample, finding.picture, others))


def _is_same_person(
    subject: Subject, embedding: np.ndarray, version: ModelVersion, pipeline: FacePipeline
) -> bool:
    """Whether a face is like the anchors so far; the first one is like itself."""
    if not anchor_status(subject).accepted:
        return True
    anchors = anchor_templates(subject, version)
    if not anchors:
        raise ModelUnavailable  # anchors there are, but none under this version to compare with
    rule = decision_rule(TEMPLATE_MEAN, pipeline.artifact.comparator)
    similarity = rule.score(embeddings_of(anchors), embedding)
    return similarity >= pipeline.artifact.calibration.threshold(anchors=len(anchors), fmr=SAME_PERSON_FMR)


def samples_claim_lost() -> list[str]:
    """Ids of pending samples whose message or worker got lost, each claimed for one more try."""
    pending = Sample.objects.filter(is_free(lease=LEASE), state=Sample.State.PENDING)
    return [str(pk) for pk in claim_lost(pending, "queued_at", after=LOST_AFTER)]
