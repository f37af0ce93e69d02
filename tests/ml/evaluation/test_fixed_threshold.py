import numpy as np
import pytest

from ml.evaluation.fixed_threshold import Trials


def trials(mated=(0.9, 0.2, 0.8, 0.7), owners=(0, 0, 1, 1), non_mated=((0.6, 0.1), (0.2, 0.3))):
    scores = np.array(non_mated, np.float32)
    return Trials(np.array(mated, np.float32), np.array(owners), scores, np.arange(scores.shape[1]))


def test_it_counts_errors_at_the_threshold():
    rates = trials().rates(0.6)
    assert (rates["fmr"], rates["false_matches"], rates["non_mated"], rates["strangers"]) == (0.25, 1, 4, 2)
    assert (rates["fnmr"], rates["false_non_matches"], rates["mated"], rates["people"]) == (0.25, 1, 4, 2)


def test_it_gives_three_in_n_where_nothing_went_wrong():
    rates = trials().rates(0.65)
    assert rates["fmr"] == 0
    assert rates["fmr_interval"] == (0, 3 / 4)
    assert Trials(*[np.empty(0)] * 2, np.zeros((2, 0)), np.empty(0)).rates(0.5)["fmr_interval"] is None


def test_it_says_nothing_of_what_was_not_compared():
    nothing = trials().only(np.zeros(4, bool), np.array([False, True]))
    rates = nothing.rates(0.5)
    assert (rates["fnmr"], rates["fnmr_interval"], rates["mated"]) == (None, None, 0)
    assert (rates["fmr"], rates["non_mated"]) == (0, 2)


def test_it_draws_people_not_tries():
    # Two people, one always missed: drawn rates are 0, 1/2 or 1, however many tries each has.
    rates = trials(mated=[0.9] * 50 + [0.1] * 50, owners=[0] * 50 + [1] * 50).rates(0.5)
    assert rates["fnmr"] == 0.5
    assert rates["fnmr_interval"] == (0, 1)


def test_it_covers_the_rate_of_independent_people():
    generator = np.random.default_rng(1)
    scores = (generator.random((60, 80)) < 0.1).astype(np.float32)
    low, high = Trials(np.ones(1), np.zeros(1, int), scores, np.arange(80)).rates(0.5)["fmr_interval"]
    assert low < 0.1 < high
    # Binomial deviation of 4,800 comparisons is 0.0043; drawing both sides widens it a little.
    assert high - low == pytest.approx(4 * 0.0043, rel=0.8)
