import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.errors import ComparatorError
from ml.siamese.comparators import CosineComparator, EuclideanComparator, WeightedL1Comparator
from ml.siamese.rules import (
    BEST_ANCHOR,
    RULES,
    SHARE_OF_ANCHORS,
    TEMPLATE_MEAN,
    VERIFICATION_SHARE,
    decision_rule,
    votes_needed,
)

COSINE = CosineComparator()
PROBE = np.array([1.0, 0.0])
# Cosines to the probe: 1, 0.8, 0.6, 0.
ANCHORS = np.array([[0.6, 0.8], [1, 0], [0, 1], [0.8, 0.6]])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # The mean of the anchors is (2.4, 2.4) / 4, which lies at 45 degrees.
        (TEMPLATE_MEAN, 0.5**0.5),
        (BEST_ANCHOR, 1.0),
        # 70 % of four is 2.8, so three must match: the third largest cosine.
        (SHARE_OF_ANCHORS, 0.6),
    ],
)
def test_it_scores_as_derived_by_hand(rule, expected):
    assert decision_rule(rule, COSINE).score(ANCHORS, PROBE) == pytest.approx(expected, abs=1e-6)


def test_it_works_with_any_comparator():
    """Distances to the probe, squared: (0.4, 0.8) -> 0.8, 0, 2, (0.2, 0.6) -> 0.4; absolute: 1.2, 0, 2, 0.8."""
    euclidean = decision_rule(SHARE_OF_ANCHORS, EuclideanComparator())
    assert euclidean.score(ANCHORS, PROBE) == pytest.approx(-(0.8**0.5))
    learned = decision_rule(BEST_ANCHOR, WeightedL1Comparator([-1, -1], 0))
    assert learned.score(ANCHORS[[0, 3]], PROBE) == pytest.approx(1 / (1 + np.exp(0.8)))


def test_it_needs_seventy_percent_of_the_anchors():
    needed = [votes_needed(SHARE_OF_ANCHORS, anchors) for anchors in range(1, 11)]
    assert needed == [1, 2, 3, 3, 4, 5, 5, 6, 7, 7]


vectors = arrays(np.float32, (6,), elements=st.floats(-1, 1, width=32)).filter(
    lambda vector: np.linalg.norm(vector) > 0.1
)


@given(st.lists(vectors, min_size=1, max_size=10), vectors, st.floats(-1, 1))
def test_one_threshold_decides_like_counting_the_matching_anchors(anchors, probe, threshold):
    matching = sum(COSINE.similarity(anchor, probe) >= threshold for anchor in anchors)
    score = decision_rule(SHARE_OF_ANCHORS, COSINE).score(anchors, probe)
    assert (score >= threshold) == (matching / len(anchors) >= VERIFICATION_SHARE)
    assert (decision_rule(BEST_ANCHOR, COSINE).score(anchors, probe) >= threshold) == (matching > 0)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("anchors", [1, 3, 7])
@pytest.mark.parametrize("chosen", [COSINE, EuclideanComparator(), WeightedL1Comparator(-np.ones(16), 2)])
def test_it_scores_many_probes_like_one(rule, anchors, chosen):
    rows = np.random.default_rng(anchors).normal(size=(anchors + 20, 16))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    known, probes = rows[:anchors], rows[anchors:]
    decides = decision_rule(rule, chosen)
    single = [decides.score(known, probe) for probe in probes]
    assert decides.scores(known, probes) == pytest.approx(single, abs=1e-5)


def test_a_template_is_the_plain_mean_where_length_counts():
    """The mean of (0, 2) and (2, 0) is (1, 1): |1 - 1| + |1 - 3| = 2 away from the probe, so sigmoid(2 - 2)."""
    rule = decision_rule(TEMPLATE_MEAN, WeightedL1Comparator([-1, -1], 2))
    assert rule.score([[0, 2], [2, 0]], [1, 3]) == pytest.approx(0.5)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("anchors", "probe"),
    [
        (np.empty((0, 2)), PROBE),
        (PROBE, PROBE),
        ([[1, 0], [np.nan, 1]], PROBE),
        ([[1, 0], [0, 0]], PROBE),
        (ANCHORS, [np.inf, 0]),
        (ANCHORS, [1, 0, 0]),
    ],
    ids=["no anchor", "one vector", "nan", "zero", "infinite probe", "other size"],
)
def test_it_fails_closed(rule, anchors, probe):
    with pytest.raises(ComparatorError) as refusal:
        decision_rule(rule, COSINE).score(anchors, probe)
    assert refusal.value.code == "invalid_embedding"


def test_it_refuses_a_score_that_is_not_a_number():
    class Broken(CosineComparator):
        def similarity(self, template, probe):
            return float("nan")

    with pytest.raises(ComparatorError):
        decision_rule(BEST_ANCHOR, Broken()).score(ANCHORS, PROBE)


def test_it_refuses_an_unknown_rule():
    with pytest.raises(ComparatorError) as refusal:
        decision_rule("majority", COSINE)
    assert refusal.value.code == "unknown_rule"
    with pytest.raises(ComparatorError):
        votes_needed(TEMPLATE_MEAN, 3)
