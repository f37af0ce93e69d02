"""From a pending picture to a template, or to the reasons against it."""

import logging
from dataclasses import asdict
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from enrollment.jobs.pipeline import embeddings_of, pipeline_for
from enrollment.models import ModelVersion, Sample, Subject, Template
from enrollment.reasons import Reason
from enrollment.selectors import active_model_version, anchor_templates
from enrollment.storage import faces_storage
from ml.errors import ImageError
from ml.faces.images import encode_jpeg
from ml.faces.quality import ENROLLMENT_GATE
from ml.serving.pipeline import FacePipeline
from ml.siamese.comparators import CosineComparator, template_mean
from ml.types import Extraction

logger = logging.getLogger(__name__)

MAX_TRIES = 3
LOST_AFTER = timedelta(seconds=45)
# A new anchor must look like the earlier ones, at the threshold that one stranger in a thousand would pass.
SAME_PERSON_FMR = 1e-3


def template_extract(sample_id: str) -> None:
    """Decides one pending sample. Does nothing when the row is gone or decided: a message may come twice."""
    version = active_model_version()
    pipeline = pipeline_for(version)  # before the try is counted: a missing model is not the picture's fault
    Sample.objects.filter(pk=sample_id, state=Sample.State.PENDING).update(tries=F("tries") + 1)
    sample = Sample.objects.filter(pk=sample_id, state=Sample.State.PENDING).first()
    if sample is None:
        return
    if sample.tries > MAX_TRIES:
        _decide(sample, None, [Reason.PROCESSING_FAILED], None)
        return
    with sample.image.open() as file:
        data = file.read()
    try:
        extraction = pipeline.extract(data, gate=ENROLLMENT_GATE)
    except ImageError as error:
        _decide(sample, None, [error.code], None)
        return
    _decide(sample, extraction, [str(reason) for reason in extraction.reasons], (version, pipeline))


def _decide(
    sample: Sample,
    extraction: Extraction | None,
    reasons: list[str],
    model: tuple[ModelVersion, FacePipeline] | None,
) -> None:
    """Writes the outcome in one transaction; the person's row is locked, so that anchors are compared in turn."""
    with transaction.atomic():
        subject = Subject.objects.select_for_update().filter(samples=sample).first()
        current = Sample.objects.select_for_update().filter(pk=sample.pk, state=Sample.State.PENDING).first()
        if subject is None or current is None:
            return
        if not reasons and extraction is not None and model is not None:
            reasons = _strangeness(subject, extraction, *model)
        quality = asdict(extraction.quality) if extraction and extraction.quality else {}
        if reasons or extraction is None or model is None:
            name = current.image.name
            current.reject(reasons, quality=quality)
            transaction.on_commit(lambda: faces_storage().delete(name))
        else:
            current.accept(crop=encode_jpeg(extraction.crop), quality=quality)
            _template_store(current, extraction, model[0])
        current.save()
    logger.info("sample %s %s %s", sample.pk, current.state, ",".join(reasons))


def _strangeness(subject: Subject, extraction: Extraction, version: ModelVersion, pipeline: FacePipeline) -> list[str]:
    """[`not_same_person`] when the face is unlike the anchors so far, else nothing."""
    anchors = anchor_templates(subject, version)
    if not anchors:
        return []
    similarity = CosineComparator().similarity(template_mean(embeddings_of(anchors)), extraction.embedding)
    threshold = pipeline.artifact.calibration.threshold(anchors=len(anchors), fmr=SAME_PERSON_FMR)
    return [] if similarity >= threshold else [Reason.NOT_SAME_PERSON]


def _template_store(sample: Sample, extraction: Extraction, version: ModelVersion) -> None:
    template = Template(sample=sample, model_version=version, quality=extraction.quality.score)
    template.embedding = extraction.embedding.astype("<f4").tobytes()
    template.save()


def samples_claim_lost() -> list[str]:
    """Ids of pending samples whose message got lost, each claimed for one more try."""
    now = timezone.now()
    lost = Sample.objects.filter(state=Sample.State.PENDING, queued_at__lt=now - LOST_AFTER)
    ids = [str(pk) for pk in lost.values_list("pk", flat=True)[:500]]
    Sample.objects.filter(pk__in=ids).update(queued_at=now)
    return ids
