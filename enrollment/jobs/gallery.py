"""Everybody's templates under one model version, in memory: who does a face resemble?

The worker keeps the gallery between tasks and opens anew only the templates of people who changed.
"""

import logging
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from django.conf import settings
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet

from enrollment.errors import SealBroken
from enrollment.jobs.pipeline import embeddings_of, pipeline_for
from enrollment.models import Consent, ModelVersion, Sample, Template
from enrollment.selectors import active_model_version
from ml.errors import ComparatorError
from ml.serving.artifacts import Artifact
from ml.serving.gallery import Gallery
from ml.siamese.comparators import template_mean
from ml.types import Floats

logger = logging.getLogger(__name__)

BATCH = 500
# How many anchors a person has and the newest of them: changes whenever an anchor comes or goes.
Mark = tuple[int, int]


@dataclass(frozen=True)
class Candidate:
    """Somebody whom a face resembles, and whether it reaches the threshold for as many anchors as they have."""

    subject: int
    similarity: float
    threshold: float

    @property
    def matched(self) -> bool:
        return self.similarity >= self.threshold


@dataclass(frozen=True)
class _Known:
    """A gallery as it was when the database looked like `state`."""

    state: tuple[object, ...]
    marks: dict[int, Mark]
    gallery: Gallery


_known: dict[int, _Known] = {}


def candidates_for(
    probe: Floats, version: ModelVersion, *, count: int, fmr: float, among: set[int] | None = None
) -> list[Candidate]:
    """The people whom a face resembles most, nearest first, by the model's own comparator; of all, or among some.

    Thresholds hold the false match rate of one comparison; among n people, n times as many strangers reach them.
    """
    artifact = pipeline_for(version).artifact
    known = _up_to_date(version, artifact)
    gallery = known.gallery if among is None else _part(known.gallery, among)
    found = gallery.nearest(probe, count=count)
    anchors = {person.subject: known.marks[person.subject][0] for person in found}
    return [
        Candidate(
            person.subject,
            person.similarity,
            artifact.calibration.threshold(anchors=anchors[person.subject], fmr=fmr),
        )
        for person in found
    ]


def gallery_refresh() -> None:
    """Brings what this process keeps up to date, so that it forgets the erased though nobody searches any more."""
    if not _known:
        return
    version = active_model_version()
    if version.pk in _known:
        _up_to_date(version, pipeline_for(version).artifact)
    else:
        _known.clear()


def _part(gallery: Gallery, subjects: set[int]) -> Gallery:
    kept = np.isin(gallery.subjects, list(subjects))
    return Gallery(gallery.subjects[kept], gallery.templates[kept], gallery.comparator)


def _up_to_date(version: ModelVersion, artifact: Artifact) -> _Known:
    state = _state(version)  # read before the templates: what changes meanwhile is noticed next time
    known = _known.get(version.pk)
    if known is None or known.state != state:
        nobody = np.empty((0, artifact.embedding_size), np.float32)
        empty = Gallery(np.empty(0, np.int64), nobody, artifact.comparator)
        known = _renew(known or _Known((), {}, empty), state, version)
        _known.clear()  # one version at a time: a large site's gallery fills many megabytes
        _known[version.pk] = known
    return known


def _state(version: ModelVersion) -> tuple[object, ...]:
    """Changes whenever a template or a consent comes or goes."""
    templates = Template.objects.filter(model_version=version).aggregate(Count("pk"), Max("pk"))
    return (*templates.values(), *_consents().aggregate(Count("pk"), Max("pk")).values())


def _consents() -> QuerySet[Consent]:
    return Consent.objects.filter(purpose=Consent.Purpose.SIGN_IN, withdrawn_at=None)


def _templates(version: ModelVersion) -> QuerySet[Template]:
    """Templates of accepted anchors of people whose consent stands."""
    consent = _consents().filter(subject=OuterRef("sample__subject"))
    return Template.objects.filter(
        Exists(consent), model_version=version, sample__state=Sample.State.ACCEPTED
    )


def _renew(known: _Known, state: tuple[object, ...], version: ModelVersion) -> _Known:
    """Keeps the rows of people who did not change."""
    marks = _marks(version)
    stays = [known.marks.get(subject) == marks.get(subject) for subject in known.gallery.subjects.tolist()]
    kept = np.asarray(stays, bool)
    subjects = known.gallery.subjects[kept]
    changed = marks.keys() - set(subjects.tolist())
    comparator = known.gallery.comparator
    fresh = _means(sorted(changed), version, unit_length=comparator.unit_length)
    gallery = Gallery(
        np.concatenate([subjects, np.fromiter(fresh, np.int64, len(fresh))]),
        np.concatenate([known.gallery.templates[kept], *(vector[None] for vector in fresh.values())]),
        comparator,
    )
    return _Known(state, marks, gallery)


def _marks(version: ModelVersion) -> dict[int, Mark]:
    """Everybody with enough anchors to be recognised."""
    people = (
        _templates(version)
        .values_list("sample__subject")
        .annotate(anchors=Count("pk"), newest=Max("pk"))
        .filter(anchors__gte=settings.FACE_MIN_ANCHORS)
    )
    return {subject: (anchors, newest) for subject, anchors, newest in people}


def _means(subjects: list[int], version: ModelVersion, *, unit_length: bool) -> dict[int, Floats]:
    """The template of each person. Somebody whose stored anchors do not open is left out, and logged."""
    means: dict[int, Floats] = {}
    for start in range(0, len(subjects), BATCH):
        some = subjects[start : start + BATCH]
        rows = _templates(version).filter(sample__subject__in=some).annotate(subject=F("sample__subject"))
        for subject, templates in groupby(rows.order_by("subject"), key=lambda row: row.subject):
            try:
                means[subject] = template_mean(embeddings_of(list(templates)), unit_length=unit_length)
            except (SealBroken, ComparatorError) as error:
                logger.error("subject %s cannot be searched for: %s", subject, error.code)
    return means
