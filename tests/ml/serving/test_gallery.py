import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import ComparatorError
from ml.serving.gallery import Gallery
from ml.siamese.comparators import CosineComparator, EuclideanComparator, WeightedL1Comparator

COMPARATORS = [CosineComparator(), EuclideanComparator(), WeightedL1Comparator(-np.ones(16), 2)]


def people(count: int, *, size: int = 16, seed: int = 0, comparator=COMPARATORS[0]) -> Gallery:
    vectors = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)
    templates = (
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if comparator.unit_length else vectors
    )
    return Gallery(np.arange(count) + 100, templates, comparator)


def test_it_finds_the_person_a_template_is_of():
    gallery = people(50)
    (found,) = gallery.nearest(gallery.templates[7], count=1)
    assert found.subject == 107
    assert found.similarity == pytest.approx(1, abs=1e-5)


@given(
    count=st.integers(1, 40),
    wanted=st.integers(1, 50),
    seed=st.integers(0, 1000),
    comparator=st.sampled_from(COMPARATORS),
)
def test_it_answers_as_one_comparison_after_another_would(count, wanted, seed, comparator):
    gallery = people(count, seed=seed, comparator=comparator)
    probe = people(1, seed=seed + 1, comparator=comparator).templates[0]
    one_by_one = [comparator.similarity(row, probe) for row in gallery.templates]
    found = gallery.nearest(probe, count=wanted)
    assert [person.similarity for person in found] == pytest.approx(
        sorted(one_by_one, reverse=True)[:wanted], abs=1e-5
    )


def test_it_finds_nobody_in_an_empty_gallery():
    gallery = Gallery(np.empty(0, np.int64), np.empty((0, 16), np.float32))
    assert gallery.nearest(np.ones(16), count=5) == []


@pytest.mark.parametrize("probe", [np.zeros(16), np.full(16, np.nan), np.ones(8)])
def test_it_refuses_what_is_no_probe(probe):
    with pytest.raises(ComparatorError):
        people(5).nearest(probe, count=1)


@pytest.mark.parametrize("row", [np.zeros(16), np.full(16, np.nan), np.full(16, 2)])
def test_it_refuses_templates_that_are_no_unit_vectors(row):
    templates = people(5).templates.copy()
    templates[2] = row
    with pytest.raises(ComparatorError):
        Gallery(np.arange(5), templates)


@pytest.mark.parametrize("row", [np.zeros(16), np.full(16, np.inf)])
def test_it_refuses_what_is_no_template_where_length_counts(row):
    templates = people(5).templates.copy()
    templates[2] = row
    with pytest.raises(ComparatorError):
        Gallery(np.arange(5), templates, COMPARATORS[2])


def test_it_refuses_templates_without_names():
    with pytest.raises(ComparatorError):
        Gallery(np.arange(4), people(5).templates)
