"""Expected values are derived by hand from this set, scores from high to low:

score   .9 .8 .7 .6 .5 .4 .3 .2
mated    y  y  n  y  y  n  n  n
"""

import numpy as np
import pytest

from ml.evaluation.metrics import Comparisons, bootstrap, error_curve, ten_fold_accuracy

SCORES = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]
MATED = [True, True, False, True, True, False, False, False]
SUBJECTS = [(0, 0), (1, 1), (0, 1), (2, 2), (3, 3), (1, 2), (2, 3), (0, 3)]


@pytest.fixture
def comparisons():
    return Comparisons.of(SCORES, MATED, SUBJECTS)


def test_it_counts_errors_at_each_threshold(comparisons):
    curve = error_curve(comparisons)
    np.testing.assert_allclose(curve.fmr, [0, 0, 0, 0.25, 0.25, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(curve.fnmr, [1, 0.75, 0.5, 0.5, 0.25, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("fmr", "fnmr", "threshold"), [(0, 0.5, 0.8), (0.1, 0.5, 0.8), (0.25, 0, 0.5), (1, 0, 0.2)]
)
def test_it_finds_the_lowest_threshold_for_a_false_match_rate(comparisons, fmr, fnmr, threshold):
    curve = error_curve(comparisons)
    assert curve.fnmr_at_fmr(fmr) == pytest.approx(fnmr)
    assert curve.threshold_at_fmr(fmr) == pytest.approx(threshold)


@pytest.mark.parametrize(
    ("threshold", "rates"),
    [(0.95, (0, 1)), (0.8, (0, 0.5)), (0.75, (0, 0.5)), (0.5, (0.25, 0)), (0.1, (1, 0))],
)
def test_it_reads_both_rates_at_a_threshold(comparisons, threshold, rates):
    assert error_curve(comparisons).at_threshold(float(np.float32(threshold))) == pytest.approx(rates)


def test_it_finds_the_equal_error_rate(comparisons):
    assert error_curve(comparisons).eer == pytest.approx(0.25)


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    """Mated 3, 1; non-mated 2, 1: of four combinations 3 > 2, 3 > 1 are right, 1 = 1 is half, 1 < 2 is wrong."""
    comparisons = Comparisons.of([3, 1, 2, 1], [True, True, False, False], np.zeros((4, 2)))
    assert error_curve(comparisons).auc == pytest.approx(2.5 / 4)


def test_it_takes_comparisons_in_any_order(comparisons):
    order = np.random.default_rng(1).permutation(8)
    shuffled = Comparisons.of(np.array(SCORES)[order], np.array(MATED)[order], np.array(SUBJECTS)[order])
    np.testing.assert_array_equal(error_curve(shuffled).fmr, error_curve(comparisons).fmr)


def test_it_never_splits_equal_scores():
    curve = error_curve(Comparisons.of([0.5, 0.5, 0.5, 0.1], [True, False, False, True], [(0, 0)] * 4))
    np.testing.assert_allclose(curve.fmr, [0, 1, 1])
    np.testing.assert_allclose(curve.fnmr, [1, 0.5, 0])


def test_it_weighs_comparisons(comparisons):
    """Person 0 drawn twice, person 1 not at all: of the mated .9 counts twice, of the non-mated .2 does."""
    curve = error_curve(comparisons, weights=np.array([2, 0, 0, 1, 1, 0, 1, 2], float))
    assert curve.fnmr_at_fmr(0) == pytest.approx(0)
    assert curve.at_threshold(float(np.float32(0.9))) == pytest.approx((0, 0.5))
    assert curve.at_threshold(float(np.float32(0.3))) == pytest.approx((1 / 3, 0))


def test_its_interval_holds_the_estimate_and_repeats():
    generator = np.random.default_rng(2)
    subjects = np.concatenate(
        [np.repeat(np.arange(40)[:, None], 2, axis=1)] * 5 + [generator.integers(0, 40, (400, 2))]
    )
    mated = np.arange(600) < 200
    scores = generator.normal(mated * 2.0, 1)
    comparisons = Comparisons.of(scores, mated, subjects)
    first = bootstrap(comparisons, {"eer": lambda curve: curve.eer})["eer"]
    assert first[0] < error_curve(comparisons).eer < first[1]
    assert 0.02 < first[1] - first[0] < 0.15
    assert bootstrap(comparisons, {"eer": lambda curve: curve.eer})["eer"] == first


def test_ten_folds_are_perfect_where_scores_separate():
    mated = np.tile([True, False], 50)
    assert ten_fold_accuracy(np.where(mated, 0.6, 0.4), mated) == (1, 0)


def test_ten_folds_judge_each_fold_by_the_others():
    """One fold's scores lie 1 higher: the others' threshold, 0.5, calls its 5 non-mated pairs mated."""
    mated = np.tile([True, False], 50)
    scores = np.where(mated, 0.6, 0.4)
    scores[:10] += 1
    accuracy, deviation = ten_fold_accuracy(scores, mated)
    assert accuracy == pytest.approx(0.95)
    assert deviation == pytest.approx(0.15)
