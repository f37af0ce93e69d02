"""The scores of many comparisons at once, by the artifact's own comparator and any decision rule."""

import numpy as np

from ml.siamese.comparators import Comparator, CosineComparator
from ml.siamese.rules import cosine_scores, decision_rule
from ml.types import Floats

# Score of a picture without a face: below every comparator's, and finite, so that thresholds can be averaged.
FAILED = -1e9


def pair_scores(comparator: Comparator, left: Floats, right: Floats) -> Floats:
    """Compare row by row.

    Args:
        comparator: Of the artifact that made the embeddings.
        left: Float32 (n, d).
        right: Float32 (n, d).

    Returns:
        Float32 (n,); higher is closer.
    """
    if isinstance(comparator, CosineComparator):
        return np.asarray(np.einsum("nd,nd->n", left, right), np.float32)
    return np.array([comparator.similarity(*pair) for pair in zip(left, right, strict=True)], np.float32)


def rule_scores(comparator: Comparator, rule: str, anchors: Floats, probes: Floats) -> Floats:
    """Score many probes against one person's anchors.

    Args:
        comparator: Of the artifact that made the embeddings.
        rule: How the anchors decide, a name of `ml.siamese.rules`.
        anchors: Float32 (k, d).
        probes: Float32 (n, d).

    Returns:
        Float32 (n,); higher is closer.
    """
    if isinstance(comparator, CosineComparator):
        return cosine_scores(rule, anchors, probes)
    decide = decision_rule(rule, comparator)
    return np.array([decide.score(anchors, probe) for probe in probes], np.float32)
