import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.errors import ComparatorError
from ml.siamese.comparators import (
    CosineComparator,
    EuclideanComparator,
    WeightedL1Comparator,
    comparator,
    template_mean,
    unit,
)
from ml.siamese.layers import CosineSimilarity, EuclideanDistance, SameProbability

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

vectors = arrays(np.float32, 8, elements=st.floats(-1, 1, width=32)).filter(
    lambda v: np.linalg.norm(v) > 1e-3
)
GOOD = np.eye(4, dtype=np.float32)[0]
BAD = {
    "nan": np.array([1, np.nan, 0, 0]),
    "infinite": np.array([1, np.inf, 0, 0]),
    "zero": np.zeros(4),
    "other size": np.ones(3),
    "matrix": np.ones((1, 4)),
    "number": np.float32(1),
    "empty": np.array([]),
}


@given(vectors, vectors)
def test_it_is_symmetric_and_bounded(left, right):
    similarity = CosineComparator().similarity(left, right)
    assert -1 <= similarity <= 1
    assert similarity == pytest.approx(CosineComparator().similarity(right, left), abs=1e-6)


@given(vectors)
def test_it_is_one_for_equal_embeddings_of_any_length(vector):
    assert CosineComparator().similarity(vector, 3 * vector) == pytest.approx(1, abs=1e-5)


def test_it_is_the_cosine_of_the_angle():
    assert CosineComparator().similarity([1, 0], [1, 1]) == pytest.approx(np.sqrt(0.5), abs=1e-6)
    assert CosineComparator().similarity([1, 0], [-2, 0]) == pytest.approx(-1)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize(
    "chosen",
    [CosineComparator(), EuclideanComparator(), WeightedL1Comparator(np.ones(4), 0)],
    ids=["cosine", "euclidean", "weighted_l1"],
)
def test_it_fails_closed(chosen, bad):
    for pair in ((GOOD, bad), (bad, GOOD)):
        with pytest.raises(ComparatorError) as caught:
            chosen.similarity(*pair)
        assert caught.value.code == "invalid_embedding"


def test_the_euclidean_similarity_is_the_distance_negated():
    assert EuclideanComparator().similarity([1, 1], [4, 5]) == pytest.approx(-5)
    assert EuclideanComparator().similarity([1, 1], [1, 1]) == 0


def test_the_learned_similarity_weighs_each_component():
    """0.5 - 2 * |1 - 3| + 1 * |2 - 5.5| = 0; the sigmoid of 0 is one half. Equal embeddings leave 0.5."""
    learned = WeightedL1Comparator([-2, 1], 0.5)
    assert learned.similarity([1, 2], [3, 5.5]) == pytest.approx(0.5)
    assert learned.similarity([1, 2], [1, 2]) == pytest.approx(1 / (1 + np.exp(-0.5)))


def test_it_refuses_embeddings_that_its_weights_do_not_fit():
    with pytest.raises(ComparatorError):
        WeightedL1Comparator([1, 1, 1], 0).similarity([1, 2], [1, 2])


def test_it_keeps_what_was_learned(tmp_path):
    learned = WeightedL1Comparator([-2, 0.25], 0.5)
    learned.save(tmp_path / "comparator.npz")
    again = WeightedL1Comparator.load(tmp_path / "comparator.npz")
    assert again.similarity([1, 2], [3, 1]) == learned.similarity([1, 2], [3, 1])


@pytest.mark.parametrize("head", [CosineSimilarity, EuclideanDistance, SameProbability])
def test_it_gives_the_same_number_as_the_keras_head(head):
    keras.utils.set_random_seed(3)
    rows = np.random.default_rng(3).normal(size=(2, 20, 6)).astype(np.float32)
    left, right = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    layer = head()
    expected = np.asarray(layer(left, right))[:, 0]
    if head is EuclideanDistance:
        expected = -expected  # a distance falls where a similarity rises
    chosen = {
        CosineSimilarity: CosineComparator,
        EuclideanDistance: EuclideanComparator,
        SameProbability: lambda: WeightedL1Comparator(layer.kernel[:, 0], layer.bias[0]),
    }[head]()
    got = [chosen.similarity(*pair) for pair in zip(left, right, strict=True)]
    np.testing.assert_allclose(got, expected, atol=1e-6)


WEIGHTS = np.random.default_rng(6).normal(size=40)
ALL = {
    "cosine": CosineComparator(),
    "euclidean": EuclideanComparator(),
    "weighted_l1": WeightedL1Comparator(WEIGHTS, 0.5),
}


def embeddings(count, seed, *, unit_length):
    rows = np.random.default_rng(seed).normal(size=(count, 40)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True) if unit_length else rows


@pytest.mark.parametrize("chosen", ALL.values(), ids=ALL)
def test_it_compares_many_as_it_compares_one(chosen, monkeypatch):
    monkeypatch.setattr("ml.siamese.comparators._CHUNK", 200)  # so that there are several pieces
    templates = embeddings(7, 1, unit_length=chosen.unit_length)
    probes = np.concatenate([templates[:2], embeddings(11, 2, unit_length=chosen.unit_length)])
    expected = [[chosen.similarity(template, probe) for probe in probes] for template in templates]
    got = chosen.matrix(templates, probes)
    assert (got.dtype, got.shape) == (np.float32, (7, 13))
    np.testing.assert_allclose(got, expected, atol=1e-3)  # the distance of equal vectors keeps few digits
    rows = chosen.similarities(templates, probes[:7])
    np.testing.assert_allclose(rows, np.diag(expected[:7]), atol=1e-6)


@pytest.mark.parametrize("chosen", ALL.values(), ids=ALL)
def test_no_threshold_is_reached_by_what_is_not_finite(chosen):
    broken = np.full((1, 40), np.nan, np.float32)
    assert np.isnan(chosen.matrix(embeddings(3, 1, unit_length=True), broken)).all()
    assert np.isnan(chosen.similarities(broken, broken)).all()


def test_it_reads_no_other_file_as_weights(tmp_path):
    (tmp_path / "text.npz").write_text("no weights")
    np.savez(tmp_path / "other.npz", guess=np.ones(3))
    for name in ("missing.npz", "text.npz", "other.npz"):
        with pytest.raises(ComparatorError) as caught:
            WeightedL1Comparator.load(tmp_path / name)
        assert caught.value.code == "unreadable_weights"


def test_it_averages_anchors_as_they_are_where_length_counts():
    """Halves of (2, 0) and (0, 5) summed, not brought to length 1."""
    np.testing.assert_allclose(template_mean([[2, 0], [0, 5]], unit_length=False), [1, 2.5])


def test_it_averages_anchors_at_length_one():
    template = template_mean([[2, 0], [0, 5]])
    assert template.dtype == np.float32
    np.testing.assert_allclose(template, [np.sqrt(0.5)] * 2, atol=1e-6)


@pytest.mark.parametrize(
    "rows", [[], [1, 0], [[1, 0], [np.nan, 0]], [[1, 0], [0, 0]], [[1, 0], [-1, 0]], np.ones((1, 2, 2))]
)
def test_it_refuses_anchors_that_make_no_template(rows):
    with pytest.raises(ComparatorError):
        template_mean(rows)


def test_it_keeps_a_unit_vector_as_it_is():
    np.testing.assert_array_equal(unit(GOOD), GOOD)


def test_it_finds_a_comparator_by_name():
    assert isinstance(comparator("cosine"), CosineComparator)
    assert isinstance(comparator("euclidean"), EuclideanComparator)
    for name in ("guess", "weighted_l1"):
        with pytest.raises(ComparatorError):
            comparator(name)
