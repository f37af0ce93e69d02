"""What a trained network is worth: its thresholds, and its figures on people it has never met."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from ml.config import MAX_ANCHORS, SEED
from ml.evaluation import calibration
from ml.evaluation.metrics import Comparisons, ErrorCurve, bootstrap, error_curve
from ml.serving.calibration import Calibration, Thresholds
from ml.siamese.comparators import Comparator, EuclideanComparator
from ml.siamese.rules import RULES
from ml.training.folder import People
from ml.training.pairs import draw_pairs, framed
from ml.types import Floats, InputSpec

_PAIRS = 20_000
_MEASURED_ANCHORS = 4
_BATCH = 64


def embed(network: keras.Model, people: People, spec: InputSpec) -> Floats:
    """Return the embedding of every face, float32 (n, d), of the faces as they are."""
    rows = np.arange(len(people.faces), dtype=np.int32)
    parts = np.split(rows, range(_BATCH, len(rows), _BATCH))
    return np.concatenate(
        [network(spec.prepare(framed(people, part, spec)), training=False).numpy() for part in parts]
    )


def pair_figures(
    people: People, embeddings: Floats, comparator: Comparator, *, seed: int = SEED
) -> dict[str, Any]:
    """Measure a comparator on pairs of people, half of them mated, with 95 % intervals over people.

    Args:
        people: Whom nothing was learned or chosen on.
        embeddings: Float32 (n, d), one a face.
        comparator: Compares two of them.
        seed: Draws the pairs.
    """
    pairs = draw_pairs(people, min(_PAIRS, 20 * len(people.faces)), np.random.default_rng(seed))
    similarity = [
        comparator.similarity(embeddings[left], embeddings[right])
        for left, right in zip(pairs.left, pairs.right, strict=True)
    ]
    subjects = np.stack([people.subjects[pairs.left], people.subjects[pairs.right]], axis=1)
    comparisons = Comparisons.of(similarity, pairs.same == 1, subjects)
    measures: dict[str, Callable[[ErrorCurve], float]] = {
        "auc": area_under_roc,
        "eer": lambda curve: curve.eer,
        "tar_at_fmr_0.01": lambda curve: 1 - curve.fnmr_at_fmr(1e-2),
        "tar_at_fmr_0.001": lambda curve: 1 - curve.fnmr_at_fmr(1e-3),
    }
    curve = error_curve(comparisons)
    intervals = bootstrap(comparisons, measures, seed=seed)
    figures = {
        name: {"value": measure(curve), "interval": intervals[name]} for name, measure in measures.items()
    }
    return {**figures, "subjects": len(people.names), "images": len(people.faces), "pairs": len(pairs.same)}


def area_under_roc(curve: ErrorCurve) -> float:
    """The probability that a mated pair is more similar than a non-mated one; ties count half."""
    return float(np.trapezoid(1 - curve.fnmr, curve.fmr))


def calibrate(people: People, embeddings: Floats, comparator: Comparator) -> Calibration:
    """Set thresholds of every decision rule for unit embeddings, on the people of the largest source.

    Args:
        people: Whom the network did not learn from.
        embeddings: Float32 (n, d), unit length, one a face.
        comparator: The cosine, or the Euclidean distance, which for unit vectors is a function of it.

    Raises:
        DatasetError: `dataset_too_small` if two people cannot be compared.
    """
    sources = people.sources
    chosen = np.flatnonzero(sources == np.bincount(sources).argmax())
    rows = np.flatnonzero(np.isin(people.subjects, chosen))
    subjects = np.searchsorted(chosen, people.subjects[rows])
    faces = calibration.FaceSet(embeddings[rows], subjects)
    measured = min(_MEASURED_ANCHORS, int(np.sort(np.bincount(subjects))[-2:].min()))
    tables = {rule: calibration.thresholds(faces, measured_anchors=measured, rule=rule) for rule in RULES}
    if isinstance(comparator, EuclideanComparator):
        tables = {rule: _as_distances(table) for rule, table in tables.items()}
    evidence = {
        "data": "held-out people of the training folder",
        "subjects": faces.people,
        "images": len(subjects),
        "non_mated": calibration.non_mated(faces, 1).count,
        "measured_anchors": measured,
        "bounded_anchors": MAX_ANCHORS,
    }
    return Calibration(rules=tables, evidence=evidence)


def _as_distances(table: Thresholds) -> dict[float, tuple[float, ...]]:
    """The negated distances of unit vectors with those cosines, rounded to the strict side."""
    return {
        fmr: tuple(float(np.ceil(-np.sqrt(max(2 - 2 * cosine, 0.0)) * 1e4) / 1e4) for cosine in row)
        for fmr, row in table.items()
    }
