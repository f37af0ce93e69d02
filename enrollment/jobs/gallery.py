"""Everybody's templates under one model version, in memory: who does a face resemble?

The worker keeps the gallery between tasks and opens anew only the templates of people who changed. A search looks for
newcomers among the latest rows, and asks of those whom it finds whether they still are as it knows them; everything is
compared with the first search of a minute, and with each sign of life that the process gives.
"""

import logging
import math
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from django.conf import settings
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Sum

from enrollment.errors import SealBroken
from enrollment.jobs.pipeline import embeddings_of, pipeline_for
from enrollment.models import Consent, ModelVersion, Sample, Template
from enrollment.selectors import active_model_version, counting_text
from ml.errors import ComparatorError
from ml.serving.artifacts import Artifact
from ml.serving.gallery import Gallery, Neighbour
from ml.siamese.comparators import Comparator, template_mean
from ml.types import Floats

logger = logging.getLogger(__name__)

BATCH = 500
# Rows with lower numbers than the newest may be seen later, out of transactions that began earlier: so many at most.
OVERLAP = 200
WHOLE_AFTER_SECONDS = 60
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
class _Stamp:
    """What the database looked like, and when: how many templates and consents there are, and which, by their sum.

    `recent` is the same of the rows above `base` alone, which takes no time however many there are.
    """

    at: float
    base: tuple[int, int]
    recent: tuple[object, ...]
    whole: tuple[object, ...]


@dataclass(frozen=True)
class _Known:
    """A gallery as it was when the database looked like `stamp`."""

    stamp: _Stamp
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
    known = _with_newcomers(version, artifact)
    found = _nearest(known, probe, count, among)
    subjects = [person.subject for person in found]
    if _marks(version, subjects) != {subject: known.marks[subject] for subject in subjects}:
        known = _read_anew(version, known, _stamp(version))
        found = _nearest(known, probe, count, among)
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


def _nearest(known: _Known, probe: Floats, count: int, among: set[int] | None) -> list[Neighbour]:
    gallery = known.gallery
    if among is not None:
        kept = np.isin(gallery.subjects, list(among))
        gallery = Gallery(gallery.subjects[kept], gallery.templates[kept], gallery.comparator)
    return gallery.nearest(probe, count=count)


def _with_newcomers(version: ModelVersion, artifact: Artifact) -> _Known:
    """The gallery with everybody who came or changed by new rows; some of whom rows went may still be in it."""
    known = _known.get(version.pk)
    if known is None or time.monotonic() > known.stamp.at + WHOLE_AFTER_SECONDS:
        return _up_to_date(version, artifact)
    recent = _counts(version, known.stamp.base)
    if recent == known.stamp.recent:
        return known
    some = _subjects_since(version, known.stamp.base)
    others = {subject: mark for subject, mark in known.marks.items() if subject not in some}
    # Without `whole`, which rows that go again would make true although somebody is in the gallery by now.
    stamp = replace(known.stamp, recent=recent, whole=())
    return _renew(version, known, others | _marks(version, some), stamp)


def _up_to_date(version: ModelVersion, artifact: Artifact) -> _Known:
    """The gallery after a comparison of everything."""
    stamp = _stamp(version)
    known = _known.get(version.pk)
    if known is None:
        nobody = np.empty((0, artifact.embedding_size), np.float32)
        known = _Known(stamp, {}, Gallery(np.empty(0, np.int64), nobody, artifact.comparator))
    elif known.stamp.whole == stamp.whole:
        return _keep(version, replace(known, stamp=stamp))
    return _read_anew(version, known, stamp)


def _read_anew(version: ModelVersion, known: _Known, stamp: _Stamp) -> _Known:
    """The gallery of everybody whom the database has now; the stamp was read before."""
    marks = _marks(version)
    # Somebody came or went meanwhile: to be read once more next time.
    if _counts(version, (0, 0)) != stamp.whole:
        stamp = replace(stamp, whole=())
    return _renew(version, known, marks, stamp)


def _keep(version: ModelVersion, known: _Known) -> _Known:
    _known.clear()  # one version at a time: a large site's gallery fills many megabytes
    _known[version.pk] = known
    return known


def _stamp(version: ModelVersion) -> _Stamp:
    newest = [rows.aggregate(newest=Max("pk"))["newest"] or 0 for rows in (Template.objects, Consent.objects)]
    base = (newest[0] - OVERLAP, newest[1] - OVERLAP)
    return _Stamp(time.monotonic(), base, _counts(version, base), _counts(version, (0, 0)))


def _counts(version: ModelVersion, base: tuple[int, int]) -> tuple[object, ...]:
    """Changes whenever a template or a consent above these numbers comes or goes."""
    templates = Template.objects.filter(model_version=version, pk__gt=base[0])
    consents = _consents().filter(pk__gt=base[1])
    return tuple(
        n
        for rows in (templates, consents)
        for n in rows.aggregate(Count("pk"), Max("pk"), Sum("pk")).values()
    )


def _subjects_since(version: ModelVersion, base: tuple[int, int]) -> set[int]:
    """Of whom there are templates or consents above these numbers."""
    templates = Template.objects.filter(model_version=version, pk__gt=base[0])
    consents = Consent.objects.filter(pk__gt=base[1])
    return {
        *templates.values_list("sample__subject", flat=True),
        *consents.values_list("subject", flat=True),
    }


def _consents() -> QuerySet[Consent]:
    """Those under which a face may be compared."""
    standing = Consent.objects.filter(purpose=Consent.Purpose.SIGN_IN, withdrawn_at=None)
    return standing.filter(**counting_text("text_version"))


def _templates(version: ModelVersion) -> QuerySet[Template]:
    """Templates of accepted anchors of people whose consent stands."""
    consent = _consents().filter(subject=OuterRef("sample__subject"))
    return Template.objects.filter(
        Exists(consent), model_version=version, sample__state=Sample.State.ACCEPTED
    )


def _renew(version: ModelVersion, known: _Known, marks: dict[int, Mark], stamp: _Stamp) -> _Known:
    """Keeps the rows of people who did not change, and opens the others.

    Where time runs out, what was opened so far is there for the next task.
    """
    stays = [known.marks.get(subject) == marks.get(subject) for subject in known.gallery.subjects.tolist()]
    kept = np.asarray(stays, bool)
    old = slice(None) if kept.all() else kept  # newcomers alone: one copy less of everybody
    subjects, templates = known.gallery.subjects[old], known.gallery.templates[old]
    changed = sorted(marks.keys() - set(subjects.tolist()))
    fresh: dict[int, Floats] = {}

    def grown() -> Gallery:
        return Gallery(
            np.concatenate([subjects, np.fromiter(fresh, np.int64, len(fresh))]),
            np.concatenate([templates, *(vector[None] for vector in fresh.values())]),
            known.gallery.comparator,
        )

    try:
        for start in range(0, len(changed), BATCH):
            fresh |= _means(changed[start : start + BATCH], version, known.gallery.comparator)
    except Exception:  # whatever it was: time that ran out comes as one, too
        gallery = grown()
        found = {subject: marks[subject] for subject in gallery.subjects.tolist()}
        _keep(version, _Known(replace(stamp, at=-math.inf, whole=()), found, gallery))
        raise
    return _keep(version, _Known(stamp, marks, grown()))


def _marks(version: ModelVersion, subjects: Collection[int] | None = None) -> dict[int, Mark]:
    """Everybody with enough anchors to be recognised; of all, or of some."""
    templates = _templates(version)
    if subjects is not None:
        templates = templates.filter(sample__subject__in=subjects)
    people = (
        templates.values_list("sample__subject")
        .annotate(anchors=Count("pk"), newest=Max("pk"))
        .filter(anchors__gte=settings.FACE_MIN_ANCHORS)
    )
    return {subject: (anchors, newest) for subject, anchors, newest in people}


def _means(subjects: list[int], version: ModelVersion, comparator: Comparator) -> dict[int, Floats]:
    """The template of each person. Somebody whose stored anchors do not open is left out, and logged."""
    means: dict[int, Floats] = {}
    rows = _templates(version).filter(sample__subject__in=subjects).annotate(subject=F("sample__subject"))
    for subject, templates in groupby(rows.order_by("subject"), key=lambda row: row.subject):
        try:
            means[subject] = template_mean(embeddings_of(list(templates)), unit_length=comparator.unit_length)
        except (SealBroken, ComparatorError) as error:
            logger.error("subject %s cannot be searched for: %s", subject, error.code)
    return means
