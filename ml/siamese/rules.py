"""How several anchors decide on one probe.

A rule turns the anchors and the probe into one score; the probe matches when the score reaches a threshold that was
calibrated for this rule and this number of anchors. Pure NumPy. What is not a proper embedding raises: a decision fails
closed.
"""

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.errors import ComparatorError
from ml.siamese.comparators import Comparator, template_mean
from ml.types import Floats

TEMPLATE_MEAN = "template_mean"
BEST_ANCHOR = "best_anchor"
SHARE_OF_ANCHORS = "share_of_anchors"

# The share of anchors that must match under the rule `share_of_anchors`.
VERIFICATION_SHARE = 0.7


class DecisionRule(Protocol):
    """Makes one score of several anchors and a probe."""

    name: str

    def score(self, anchors: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Return the score of a probe (d,) against anchors (k, d); higher is closer.

        Raises:
            ComparatorError: `invalid_embedding` if there is no anchor, or a vector is no embedding.
        """

    def scores(self, anchors: Floats, probes: Floats) -> Floats:
        """Return the scores of many probes, float32 (n, d), against anchors (k, d) at once: (n,).

        Both as the comparator's `matrix` expects them; probes are not checked.
        """


class TemplateMean:
    """The similarity of the probe to the anchors' mean."""

    name = TEMPLATE_MEAN

    def __init__(self, comparator: Comparator) -> None:
        """Keep the comparator of the model."""
        self._comparator = comparator

    def score(self, anchors: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Compare the mean of the anchors (k, d) with the probe (d,); raises as `DecisionRule.score`."""
        return self._comparator.similarity(self._template(anchors), probe)

    def scores(self, anchors: Floats, probes: Floats) -> Floats:
        """Compare the mean of the anchors (k, d) with probes (n, d), to (n,)."""
        return np.asarray(self._comparator.matrix(self._template(anchors)[None], probes)[0], np.float32)

    def _template(self, anchors: npt.ArrayLike) -> Floats:
        return template_mean(anchors, unit_length=self._comparator.unit_length)


class AnchorVote:
    """The probe matches when at least m of the k anchors match it, each by itself.

    With `s_1 >= s_2 >= ... >= s_k` the anchors' similarities to the probe, falling, "at least m of them reach the
    threshold t" is the same as `s_m >= t`: if s_m reaches t, so do the m - 1 before it; if it does not, nor do those
    after it, and at most m - 1 remain. So the score is s_m, and one threshold on it decides.
    """

    def __init__(self, name: str, comparator: Comparator) -> None:
        """Choose the number of votes.

        Args:
            name: `best_anchor` (m = 1) or `share_of_anchors` (m / k >= `VERIFICATION_SHARE`).
            comparator: Of the model.
        """
        self.name = name
        self._comparator = comparator

    def score(self, anchors: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Return the m-th largest similarity of anchors (k, d) to the probe (d,); raises as `DecisionRule.score`."""
        rows = np.asarray(anchors)
        if rows.ndim != 2 or not len(rows):
            raise ComparatorError("invalid_embedding", f"expected anchors (k, d), got the shape {rows.shape}")
        similarities = np.array([self._comparator.similarity(row, probe) for row in rows])
        if not np.isfinite(similarities).all():
            raise ComparatorError("invalid_embedding", f"expected finite similarities, got {similarities}")
        return float(_mth_largest(similarities, votes_needed(self.name, len(rows))))

    def scores(self, anchors: Floats, probes: Floats) -> Floats:
        """Return the m-th largest similarity of anchors (k, d) to each of the probes (n, d), (n,)."""
        similarities = self._comparator.matrix(anchors, probes)
        return np.asarray(_mth_largest(similarities, votes_needed(self.name, len(anchors))), np.float32)


RULES = (TEMPLATE_MEAN, BEST_ANCHOR, SHARE_OF_ANCHORS)


def decision_rule(name: str, comparator: Comparator) -> DecisionRule:
    """Return the rule of a name among `RULES`.

    Raises:
        ComparatorError: `unknown_rule`.
    """
    if name not in RULES:
        raise ComparatorError("unknown_rule", f"expected one of {RULES}, got {name!r}")
    return TemplateMean(comparator) if name == TEMPLATE_MEAN else AnchorVote(name, comparator)


def votes_needed(rule: str, anchors: int) -> int:
    """Return how many of the anchors must match under a rule that counts them.

    Args:
        rule: `best_anchor` or `share_of_anchors`.
        anchors: How many there are, at least 1.

    Raises:
        ComparatorError: `unknown_rule` if the rule counts no anchors.
    """
    if rule == BEST_ANCHOR:
        return 1
    if rule == SHARE_OF_ANCHORS:
        # Rounded first: 0.7 is no exact binary fraction, and 0.7 * k may come out a hair above a whole number.
        return math.ceil(round(VERIFICATION_SHARE * anchors, 9))
    raise ComparatorError("unknown_rule", f"expected a rule that counts anchors, got {rule!r}")


def _mth_largest(similarities: npt.NDArray[np.floating], m: int) -> npt.NDArray[np.floating]:
    """The m-th largest along the first axis."""
    position = len(similarities) - m
    return np.asarray(np.partition(similarities, position, axis=0)[position])
