from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from ml.config import MAX_ANCHORS
from ml.errors import DatasetError
from ml.evaluation.calibration import (
    FaceSet,
    choices_let_in,
    embed_aligned,
    false_match_rate,
    has_stretched_border,
    non_mated,
    split_subjects,
    thresholds,
)
from ml.serving.embedder import Embedder
from ml.siamese.comparators import EuclideanComparator, WeightedL1Comparator, template_mean
from ml.siamese.rules import BEST_ANCHOR, RULES, SHARE_OF_ANCHORS, votes_needed

DIMENSIONS = 16


@pytest.fixture(scope="module")
def faces():
    """200 people with 5 pictures each: a direction of their own, and noise."""
    generator = np.random.default_rng(11)
    people = np.repeat(generator.normal(size=(200, DIMENSIONS)), 5, axis=0)
    rows = people + 0.6 * generator.normal(size=people.shape)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return FaceSet(rows.astype(np.float32), np.repeat(np.arange(200), 5))


def test_it_compares_templates_with_everybody_else(faces):
    scored = non_mated(faces, 3)
    assert scored.count == 200 * 199 * 5
    template = template_mean(faces.embeddings[:3])
    assert scored.similarity[0, 5] == pytest.approx(float(template @ faces.embeddings[5]), abs=1e-6)
    assert np.isneginf(scored.similarity[0, :5]).all()


def test_it_knows_how_alike_the_anchors_are(faces):
    scored = non_mated(faces, 2)
    assert scored.cohesion[0] == pytest.approx(float(faces.embeddings[0] @ faces.embeddings[1]), abs=1e-5)


@pytest.mark.parametrize(("rule", "anchors"), [(RULES[0], 1), (BEST_ANCHOR, 3), (SHARE_OF_ANCHORS, 3)])
def test_a_threshold_keeps_its_false_match_rate_and_no_lower_one_does(faces, rule, anchors):
    table = thresholds(faces, measured_anchors=4, rule=rule, fmrs=(1e-2, 1e-3))
    scored = non_mated(faces, anchors, rule=rule)
    for fmr, row in table.items():
        threshold = row[anchors - 1]
        rate, (low, high) = false_match_rate(scored, threshold)
        assert rate <= fmr < false_match_rate(scored, threshold - 0.01)[0]
        assert low <= rate <= high


def test_distances_are_calibrated_as_strictly_as_cosines(faces):
    by_cosine = thresholds(faces, measured_anchors=2)
    by_distance = thresholds(replace(faces, comparator=EuclideanComparator()), measured_anchors=2)
    assert by_cosine.keys() == by_distance.keys()
    cosine, distance = by_cosine[1e-2][1], by_distance[1e-2][1]
    assert distance >= -np.sqrt(2 - 2 * cosine) > distance - 2e-4


@pytest.mark.parametrize("rule", RULES)
def test_learned_comparators_are_calibrated_by_their_own_scores(faces, rule):
    learned = replace(faces, comparator=WeightedL1Comparator(np.full(DIMENSIONS, -1), 4))
    for fmr, row in thresholds(learned, measured_anchors=3, rule=rule, fmrs=(1e-2, 1e-3)).items():
        rate, _ = false_match_rate(non_mated(learned, 3, rule=rule), row[2])
        assert 0.5 * fmr < rate <= fmr
        # How far the mean of more anchors comes nearer to strangers is only known for vectors of length 1.
        assert len(row) == (3 if rule == RULES[0] else MAX_ANCHORS)


@pytest.mark.parametrize(("people", "known"), [(8, []), (9, [1e-2]), (24, [1e-2]), (25, [1e-2, 1e-3])])
def test_it_sets_no_threshold_on_too_few_comparisons(faces, people, known):
    """Five pictures each make 5 n (n - 1) comparisons: 280, 360, 2,760, 3,000. It takes 3 / FMR: 300, 3,000."""
    few = FaceSet(faces.embeddings[: 5 * people], faces.subjects[: 5 * people])
    assert list(thresholds(few, measured_anchors=1)) == known


def test_a_bound_needs_comparisons_too(faces):
    """30 people make 4,350 comparisons with 2 anchors. For 10, the target of 1e-3 becomes 2/10 of it: 15,000 needed.

    For 3 it becomes 2/3: 4,500.
    """
    few = FaceSet(faces.embeddings[:150], faces.subjects[:150])
    assert len(thresholds(few, measured_anchors=2, rule=BEST_ANCHOR, fmrs=(1e-3,))[1e-3]) == 2


@pytest.mark.parametrize("rule", ["template_mean", BEST_ANCHOR])
def test_thresholds_never_fall_with_more_anchors(faces, rule):
    for row in thresholds(faces, measured_anchors=3, rule=rule, fmrs=(1e-2, 1e-3)).values():
        assert len(row) == MAX_ANCHORS
        assert list(row) == sorted(row)


@pytest.mark.parametrize("rule", RULES)
def test_the_bound_is_never_looser_than_measuring(faces, rule):
    """Set from two anchors and extended, thresholds lie above those measured with up to five."""
    bounded = thresholds(faces, measured_anchors=2, rule=rule, fmrs=(1e-2, 1e-3))
    measured = thresholds(faces, measured_anchors=5, rule=rule, fmrs=(1e-2, 1e-3))
    for fmr in bounded:
        assert all(bound >= seen for bound, seen in zip(bounded[fmr][:5], measured[fmr][:5], strict=True))


@pytest.mark.parametrize("rule", [BEST_ANCHOR, SHARE_OF_ANCHORS])
@pytest.mark.parametrize("anchors", [5, 7, 10])
def test_it_counts_the_choices_of_anchors_that_let_in(rule, anchors):
    """Every choice of four is tried, with as few matching anchors as let somebody in."""
    matching = set(range(votes_needed(rule, anchors)))
    choices = list(combinations(range(anchors), 4))
    let_in = [len(matching & set(choice)) >= votes_needed(rule, 4) for choice in choices]
    assert choices_let_in(rule, anchors, 4) == pytest.approx(sum(let_in) / len(choices))


def test_it_needs_people_with_enough_pictures(faces):
    with pytest.raises(DatasetError):
        non_mated(faces, 6)


def test_it_splits_people_without_overlap_and_for_good():
    names = [str(number) for number in range(1000)]
    first, second = split_subjects(names)
    assert sorted(first + second) == sorted(names)
    assert 440 < len(first) < 560
    fewer = split_subjects(names[:500])
    assert set(fewer[0]) <= set(first)
    assert set(fewer[1]) <= set(second)


@pytest.mark.parametrize("edge", [np.s_[:6], np.s_[-6:], np.s_[:, :6], np.s_[:, -6:]])
def test_it_knows_a_stretched_border(astronaut, edge):
    crop = astronaut[60:172, 180:292].copy()
    assert not has_stretched_border(crop)
    strip = crop[edge]
    strip[:] = strip[:1] if strip.shape[0] == 6 else strip[:, :1]
    assert has_stretched_border(crop)


def test_it_embeds_aligned_faces_by_person(artifact, tmp_path, astronaut):
    from ml.faces.images import encode_jpeg

    for name, column in (("7", 170), ("8", 175)):
        (tmp_path / name).mkdir()
        for number in range(2):
            crop = astronaut[50:178, column + number : column + number + 128]
            (tmp_path / name / f"{number}.jpg").write_bytes(encode_jpeg(np.ascontiguousarray(crop)))
    faces = embed_aligned(Embedder(artifact), tmp_path, ["7", "8"])
    assert faces.embeddings.shape == (4, 192)
    assert faces.subjects.tolist() == [0, 0, 1, 1]
    with pytest.raises(DatasetError):
        embed_aligned(Embedder(artifact), tmp_path, ["nobody"])
