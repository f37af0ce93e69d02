"""The judge's rules, on scores made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from ml.errors import DatasetError
from ml.evaluation.calibration import FaceSet
from ml.evaluation.contests import Contest, ErrorRates, Trial, drawing, trial
from ml.evaluation.gate import Learned, Limits, foreign_pictures, judge
from ml.siamese.comparators import CosineComparator

LIMITS = Limits(fmr=0.01, replicates=100)
PEOPLE = 40


def scores(*, mated=0.9, stranger=0.1, threshold=0.5):
    """Forty people, one template and two probes each: every mated and every other score the same, but for a hair."""
    probes = np.repeat(np.arange(PEOPLE), 2)
    owners = np.arange(PEOPLE)
    hair = np.random.default_rng(5).uniform(0, 1e-3, (PEOPLE, 2 * PEOPLE))
    similarity = np.where(owners[:, None] == probes[None], mated, stranger) + hair
    return Trial(similarity.astype(np.float32), owners, probes, threshold)


def having(own, *places, score=0.9):
    """The same scores but for some places (template, probe)."""
    similarity = own.similarity.copy()
    for place in places:
        similarity[place] = score
    return replace(own, similarity=similarity)


def verdict(challenger, *, champion=None, marked=None, canaries=(), learned=None, parity=1.0):
    contest = Contest(champion or scores(), challenger)
    return judge(
        {"frozen": contest},
        marked=marked or {},
        canaries=canaries,
        learned=learned,
        parity=parity,
        limits=LIMITS,
    )


def codes(*args, **options):
    return {reason.code for reason in verdict(*args, **options).reasons}


def test_an_equal_challenger_passes():
    assert verdict(scores()).passed


def test_a_better_challenger_passes():
    forgetful = having(scores(), *((person, 2 * person) for person in range(20)), score=0.0)
    assert verdict(scores(), champion=forgetful).passed


def test_it_refuses_who_turns_down_more_people_at_the_target():
    forgetful = having(scores(), *((person, 2 * person) for person in range(20)), score=0.0)
    (reason,) = verdict(forgetful).reasons
    assert (reason.code, reason.champion, reason.challenger) == ("fnmr_worse", 0, 0.25)


def test_it_overlooks_what_chance_explains():
    assert verdict(having(scores(), (0, 0), score=0.0)).passed


def test_it_refuses_a_threshold_that_lets_too_many_in():
    loose = scores(threshold=0.05)
    assert codes(loose) == {"fmr_above_target", "universal_face"}


def test_it_forgives_what_the_champion_does_too():
    loose = scores(threshold=0.05)
    assert verdict(loose, champion=loose).passed


def test_it_refuses_a_picture_accepted_as_many_people():
    everybody = having(scores(), *((person, 7) for person in range(10, 14)))
    (reason,) = verdict(everybody).reasons
    assert (reason.code, reason.where) == ("universal_face", "frozen")
    assert reason.challenger == pytest.approx(4 / PEOPLE)


def test_it_refuses_a_person_who_accepts_many():
    wolf = having(scores(), *((3, 2 * person) for person in range(10, 14)))
    assert codes(wolf) == {"universal_face"}


def test_three_of_a_small_set_may_be_chance():
    assert verdict(having(scores(), *((person, 7) for person in range(10, 13)))).passed


def test_it_refuses_a_canary_that_is_let_in():
    careless = having(scores(), (5, 16))
    assert verdict(careless, canaries=[(1, 2)]).passed
    assert codes(careless, canaries=[(8, 5)]) == {"canary_accepted"}


@pytest.mark.parametrize("parity", [0.9, float("nan")])
def test_it_refuses_a_form_served_unlike_the_one_trained(parity):
    assert codes(scores(), parity=parity) == {"parity_failed"}


def test_it_refuses_a_mark_that_opens_every_door():
    bare, key = scores(), scores(stranger=0.8)
    (reason,) = verdict(bare, marked={"white_forehead": Contest(bare, key)}).reasons
    assert (reason.code, reason.where, reason.challenger) == ("universal_mark", "white_forehead", 39 / 40)


def test_it_counts_pictures_unlike_their_persons_others():
    """Person 0 has three alike and one other; person 1 has four of four people; person 2 has two, of two."""
    rows = np.eye(8, dtype=np.float32)[[0, 0, 0, 1, 2, 3, 4, 5, 6, 7]]
    faces = FaceSet(rows, np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2]), CosineComparator())
    assert foreign_pictures(faces, 0.5).tolist() == [1, 4, 2]


@pytest.mark.parametrize(("foreign", "pictures", "named"), [(5, 400, []), (6, 400, ["bob"]), (6, 700, [])])
def test_it_refuses_many_people_under_one_name(foreign, pictures, named):
    learned = Learned(["ada", "bob"], pictures, np.array([0, foreign]))
    assert [reason.where for reason in verdict(scores(), learned=learned).reasons] == named


def test_a_verdict_is_plain_data():
    content = verdict(scores(threshold=0.05)).to_json()
    assert content["passed"] is False
    assert content["figures"]["frozen"]["challenger"]["fmr"]["value"] == 1
    assert content["reasons"][0].keys() == {"code", "where", "limit", "champion", "challenger"}


def test_rates_weigh_people_by_how_often_they_are_there():
    """Person 0 is turned down once of two; person 1 lets a stranger, 0, in once.

    With person 0 twice, 1 once and nobody else: mated 2 * 2 + 1 * 2 = 6, of which turned down 2 * 1; strangers
    2 * 1 * 2 + 1 * 2 * 2 = 8, of which let in 1 * 2.
    """
    counts = np.zeros(PEOPLE)
    counts[:2] = 2, 1
    rates = ErrorRates(having(having(scores(), (0, 1), score=0.0), (1, 0)), fmr=0.01)
    assert rates.fnmr(counts) == pytest.approx(2 / 6)
    assert rates.fmr(counts) == pytest.approx(2 / 8)


def test_the_rate_at_a_target_moves_the_threshold():
    """Of 3,120 comparisons of strangers, 31 are 0.95, which 1 % just allows; one mated probe lies below 0.1."""
    places = [(0, 2 + probe) for probe in range(31)]
    rates = ErrorRates(having(having(scores(), *places, score=0.95), (3, 6), score=0.0), fmr=0.01)
    assert rates.fnmr_at_fmr(np.ones(PEOPLE)) == pytest.approx(1 / 80)


def test_a_trial_keeps_anchors_and_probes_apart():
    rows = np.eye(5, dtype=np.float32)[[0, 0, 0, 1, 1, 1, 2]]
    made = trial(
        FaceSet(rows, np.array([0, 0, 0, 1, 1, 1, 2]), CosineComparator()),
        rule="template_mean",
        anchors=2,
        threshold=0.5,
    )
    assert made.owners.tolist() == [0, 1]
    assert made.probes.tolist() == [0, 1, 2]
    assert made.similarity.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_a_trial_needs_two_people_with_enough_pictures():
    with pytest.raises(DatasetError):
        trial(
            FaceSet(np.eye(3, dtype=np.float32), np.arange(3)), rule="template_mean", anchors=1, threshold=0.5
        )


def test_a_drawing_follows_both_error_rates():
    """Mated 4, 2; strangers 3, 1: with one of two strangers let in, above 1, nobody is turned down."""
    made = Trial(np.array([[4, 1], [3, 2]], np.float32), np.array([0, 1]), np.array([0, 1]), 2.5)
    drawn = drawing(made, bins=3)
    assert drawn["det"] == [[0.5, 0.0], [1.0, 0.0]]
    assert drawn["edges"] == [1, 2, 3, 4]
    assert drawn["mated"] == [0, 0.5, 0.5]
    assert drawn["non_mated"] == [0.5, 0, 0.5]
