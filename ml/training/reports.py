"""What a trained network is worth: its thresholds, and its figures on people it has never met."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from ml.config import CALIBRATED_FMRS, SEED
from ml.errors import DatasetError
from ml.evaluation import calibration
from ml.evaluation.metrics import Comparisons, ErrorCurve, bootstrap, error_curve
from ml.serving.calibration import Calibration
from ml.siamese.comparators import Comparator
from ml.siamese.rules import RULES
from ml.training.folder import People, Rows
from ml.training.pairs import draw_pairs, framed
from ml.types import Floats, InputSpec

_PAIRS = 20_000
_MEASURED_ANCHORS = 4
_BATCH = 64
_HELD_OUT = "held-out people"


def embed(network: keras.Model, people: People, spec: InputSpec, *, mirrored: bool = False) -> Floats:
    """Return the embedding of every face, float32 (n, d), of the faces as they are.

    Args:
        network: Makes them.
        people: Whose faces.
        spec: What the network eats.
        mirrored: Add the mirror image's embedding, and bring the sum back to length 1, as `Embedder` does.
    """
    rows = np.arange(len(people.faces), dtype=np.int32)
    embeddings = []
    for part in np.split(rows, range(_BATCH, len(rows), _BATCH)):
        faces = spec.prepare(framed(people, part, spec))
        found = network(faces, training=False).numpy()
        if mirrored:
            found = found + network(faces[:, :, ::-1], training=False).numpy()
            found /= np.linalg.norm(found, axis=1, keepdims=True)
        embeddings.append(found)
    return np.concatenate(embeddings)


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
    similarity = np.concatenate(
        [
            comparator.similarities(embeddings[pairs.left[some]], embeddings[pairs.right[some]])
            for some in np.array_split(np.arange(len(pairs.same)), 1 + len(pairs.same) // 1000)
        ]
    )
    subjects = np.stack([people.subjects[pairs.left], people.subjects[pairs.right]], axis=1)
    comparisons = Comparisons.of(similarity, pairs.same == 1, subjects)
    measures: dict[str, Callable[[ErrorCurve], float]] = {
        "auc": lambda curve: curve.auc,
        "eer": lambda curve: curve.eer,
        "tar_at_fmr_0.01": lambda curve: curve.tar_at_fmr(1e-2),
        "tar_at_fmr_0.001": lambda curve: curve.tar_at_fmr(1e-3),
    }
    curve = error_curve(comparisons)
    intervals = bootstrap(comparisons, measures, seed=seed)
    figures = {
        name: {"value": measure(curve), "interval": intervals[name]} for name, measure in measures.items()
    }
    return {**figures, "subjects": len(people.names), "images": len(people.faces), "pairs": len(pairs.same)}


def calibrate(people: People, embeddings: Floats, comparator: Comparator) -> Calibration:
    """Set thresholds of every decision rule, on the people of the largest source.

    Args:
        people: Whom the network did not learn from.
        embeddings: Float32 (n, d), one a face, of unit length if the comparator works on such.
        comparator: Of the network.

    Raises:
        DatasetError: `too_few_subjects` if not even the loosest target FMR can be calibrated on them.
    """
    require_calibratable(people)
    chosen = _largest_source(people)
    rows = np.flatnonzero(np.isin(people.subjects, chosen))
    subjects = np.searchsorted(chosen, people.subjects[rows])
    faces = calibration.FaceSet(embeddings[rows], subjects, comparator)
    measured = min(_MEASURED_ANCHORS, int(np.sort(np.bincount(subjects))[-2:].min()))
    tables = {rule: calibration.thresholds(faces, measured_anchors=measured, rule=rule) for rule in RULES}
    evidence = {
        "data": f"{_HELD_OUT} of the training folder",
        "subjects": faces.people,
        "images": len(subjects),
        "non_mated": calibration.non_mated(faces, 1).count,
        "measured_anchors": measured,
    }
    return Calibration(rules=tables, evidence=evidence)


def require_calibratable(people: People) -> None:
    """Refuse people who are too few to set a threshold on, before anything is trained.

    Raises:
        DatasetError: `too_few_subjects`.
    """
    chosen = _largest_source(people)
    comparisons = int(people.sizes[chosen].sum()) * (len(chosen) - 1)
    needed = calibration.comparisons_needed(max(CALIBRATED_FMRS))
    if comparisons < needed:
        raise DatasetError(
            "too_few_subjects",
            f"expected {_HELD_OUT} enough for {needed} comparisons between strangers, "
            f"got {comparisons} of {len(chosen)} people",
        )


def _largest_source(people: People) -> Rows:
    """The people of it, int (n,)."""
    return np.flatnonzero(people.sources == np.bincount(people.sources).argmax()).astype(np.int32)
