import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.errors import ComparatorError
from ml.siamese.comparators import CosineComparator, comparator, template_mean, unit

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
def test_it_fails_closed(bad):
    for pair in ((GOOD, bad), (bad, GOOD)):
        with pytest.raises(ComparatorError) as caught:
            CosineComparator().similarity(*pair)
        assert caught.value.code == "invalid_embedding"


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
    with pytest.raises(ComparatorError):
        comparator("guess")
