import numpy as np
import pytest

from ml.errors import DatasetError
from ml.evaluation.probability import fit_probability, judge
from ml.serving.probability import ProbabilityCalibration


def two_bells(count, *, mated_share=0.5, seed=0):
    """Scores of unit deviation about +1 (mated) and -1."""
    generator = np.random.default_rng(seed)
    mated = np.arange(count) < mated_share * count
    return generator.normal(np.where(mated, 1.0, -1.0)), mated


def test_it_finds_the_log_odds_of_two_bells():
    # N(s; 1, 1) / N(s; -1, 1) = exp(2 s): slope 2, intercept 0.
    fitted = fit_probability(*two_bells(40_000))
    assert fitted.slope == pytest.approx(2, rel=0.05)
    assert fitted.intercept == pytest.approx(0, abs=0.05)


def test_it_states_even_odds_whatever_the_share_of_mated_ones():
    fitted = fit_probability(*two_bells(40_000, mated_share=0.05))
    assert fitted.probability(0) == pytest.approx(0.5, abs=0.02)


def test_it_stays_finite_where_the_kinds_do_not_overlap():
    fitted = fit_probability([0.1, 0.2, 0.8, 0.9], [False, False, True, True])
    # Platt's targets of 2 each: 3/4 and 1/4, so the curve ends near them.
    assert fitted.probability(0.9) == pytest.approx(0.75, abs=0.05)
    assert fitted.probability(0.1) == pytest.approx(0.25, abs=0.05)


def test_it_fits_distances_on_their_own_scale():
    scores, mated = two_bells(4_000)
    fitted = fit_probability(1000 * scores - 5000, mated)
    assert fitted.probability(-5000) == pytest.approx(0.5, abs=0.05)
    assert fitted.probability(-3000) == pytest.approx(1 / (1 + np.exp(-4)), abs=0.02)


@pytest.mark.parametrize(
    ("scores", "mated"), [([], []), ([0.1, 0.2], [True, True]), ([0.5, 0.5], [True, False])]
)
def test_it_refuses_what_no_curve_fits(scores, mated):
    with pytest.raises(DatasetError):
        fit_probability(scores, mated)


def test_it_judges_at_even_odds():
    certain = ProbabilityCalibration(slope=1000, intercept=0)
    judged = judge(certain, [1, 1, 1, -1], [True, True, False, False])
    # One of two non-mated is called the same: half of a half.
    assert judged["brier"] == pytest.approx(0.25)
    low, high = judged["reliability"]
    assert (low["probability"], low["mated_share"], low["comparisons"]) == (pytest.approx(0), 0, 1)
    # Weights 1/4, 1/4 of the mated ones and 1/4 of the other.
    assert (high["mated_share"], high["comparisons"]) == (pytest.approx(2 / 3), 3)


def test_it_is_reliable_on_other_scores_of_the_same_kind():
    judged = judge(fit_probability(*two_bells(20_000)), *two_bells(20_000, seed=1))
    assert all(abs(row["probability"] - row["mated_share"]) < 0.06 for row in judged["reliability"])


def test_it_travels_as_json():
    fitted = ProbabilityCalibration(slope=3.5, intercept=-1)
    assert ProbabilityCalibration.from_json(fitted.to_json() | {"brier": 0.1}) == fitted
