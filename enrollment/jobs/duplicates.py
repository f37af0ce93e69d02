"""Does a new face belong to somebody who is here already? Flags it to staff."""

import logging
from datetime import timedelta

from django.conf import settings

from enrollment.errors import SealBroken
from enrollment.jobs.claims import claim_lost
from enrollment.jobs.gallery import candidates_for
from enrollment.jobs.pipeline import embeddings_of, pipeline_for
from enrollment.models import Consent, DuplicateFlag, Subject
from enrollment.selectors import active_model_version, anchor_templates, has_consent
from ml.siamese.comparators import template_mean

logger = logging.getLogger(__name__)

# Besides the person; nobody has more accounts than a glance can take in.
MOST_FLAGS = 5
# Lost rows are in the queue again within two minutes, sweeps included.
LOST_AFTER = timedelta(seconds=100)


def duplicates_check(subject_id: int) -> None:
    """Compares a person with everybody else. Flags a pair once: it does nothing when the message comes twice."""
    subject = Subject.objects.filter(pk=subject_id).first()
    if subject is None:
        return
    try:
        _flag_alike(subject)
    except SealBroken:  # as it will be the next time
        logger.error("subject %s could not be compared with others: a template does not open", subject.pk)
    done = Subject.objects.filter(pk=subject.pk, duplicates_due_at=subject.duplicates_due_at)
    done.update(duplicates_due_at=None)  # unless another anchor came meanwhile


def duplicates_claim_lost() -> list[int]:
    """Ids of people whose message got lost, each claimed for one more try."""
    return claim_lost(Subject.objects.all(), "duplicates_due_at", after=LOST_AFTER)


def _flag_alike(subject: Subject) -> None:
    if not has_consent(subject, Consent.Purpose.SIGN_IN):
        return
    version = active_model_version()
    anchors = anchor_templates(subject, version)
    if len(anchors) < settings.FACE_MIN_ANCHORS:
        return
    comparator = pipeline_for(version).artifact.comparator
    face = template_mean(embeddings_of(anchors), unit_length=comparator.unit_length)
    found = candidates_for(face, version, count=1 + MOST_FLAGS, fmr=settings.FACE_TARGET_FMR)
    for candidate in found:
        if candidate.subject == subject.pk or not candidate.matched:
            continue
        later, earlier = sorted((subject.pk, candidate.subject), reverse=True)
        DuplicateFlag.objects.get_or_create(
            subject_id=later,
            other_id=earlier,
            defaults={"similarity": candidate.similarity, "model_version": version},
        )
        logger.info("subjects %s and %s look alike", later, earlier)
