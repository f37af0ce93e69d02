import numpy as np
import pytest

from ml.errors import DatasetError
from ml.faces.framing import frame
from ml.siamese.networks import NETWORKS
from ml.training.pairs import draw_pairs, draw_pairs_within, export_pairs, read_pair_file
from ml.training.triplets import draw_identity_batches, draw_triplets

SPEC = NETWORKS["contrastive48"].input_spec


@pytest.fixture
def generator():
    return np.random.default_rng(8)


def test_pairs_are_balanced_and_true(two_sources, generator):
    pairs = draw_pairs(two_sources, 401, generator)
    left, right = two_sources.subjects[pairs.left], two_sources.subjects[pairs.right]
    assert pairs.same.sum() == 200
    np.testing.assert_array_equal(left == right, pairs.same == 1)
    assert (pairs.left != pairs.right).all()


def test_strangers_come_from_one_source(two_sources, generator):
    pairs = draw_pairs(two_sources, 400, generator)
    sources = two_sources.sources[two_sources.subjects]
    np.testing.assert_array_equal(sources[pairs.left], sources[pairs.right])


def test_pairs_reach_everyone(two_sources, generator):
    pairs = draw_pairs(two_sources, 2000, generator)
    assert set(pairs.left) == set(pairs.right) == set(range(len(two_sources.faces)))


def test_who_is_alone_in_a_source_is_no_stranger_to_anyone(two_sources, generator):
    pairs = draw_pairs(two_sources.only(["0001", "0002", "f0101"]), 200, generator)
    assert set(pairs.left[pairs.same == 0]) <= set(range(6))


def test_it_refuses_people_who_are_all_alone(two_sources, generator):
    with pytest.raises(DatasetError):
        draw_pairs(two_sources.only(["0001", "f0101"]), 2, generator)


def test_triplets_are_anchor_positive_and_negative(two_sources, generator):
    anchors, positives, negatives = draw_triplets(two_sources, 500, generator).T
    subjects = two_sources.subjects
    np.testing.assert_array_equal(subjects[anchors], subjects[positives])
    assert (anchors != positives).all()
    assert (subjects[anchors] != subjects[negatives]).all()
    sources = two_sources.sources[subjects]
    np.testing.assert_array_equal(sources[anchors], sources[negatives])


@pytest.mark.parametrize("faces", [2, 5])
def test_identity_batches_hold_so_many_faces_of_so_many_people(two_sources, generator, faces):
    batches = draw_identity_batches(two_sources, 50, generator, subjects=4, faces=faces)
    assert batches.shape == (50, 4 * faces)
    for batch in batches:
        subjects = two_sources.subjects[batch].reshape(4, faces)
        assert (subjects == subjects[:, :1]).all()
        assert len(set(subjects[:, 0])) == 4
        assert len(set(two_sources.sources[subjects[:, 0]])) == 1
        assert all(len(set(person)) == min(faces, 3) for person in batch.reshape(4, faces))


def test_identity_batches_need_people_enough_in_one_source(two_sources, generator):
    with pytest.raises(DatasetError):
        draw_identity_batches(two_sources, 1, generator, subjects=10, faces=2)


def test_the_same_seed_draws_the_same(two_sources):
    first, second = (draw_pairs(two_sources, 50, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.left, second.left)
    np.testing.assert_array_equal(first.right, second.right)


def test_exported_pairs_are_read_back(people, generator, tmp_path):
    pairs = draw_pairs(people, 7, generator)
    export_pairs(people, pairs, SPEC, tmp_path / "pairs.npz")
    read = read_pair_file(tmp_path / "pairs.npz")
    assert read.left.shape == read.right.shape == (7, 62, 47, 1)
    np.testing.assert_array_equal(read.same, pairs.same)
    assert read.left_names.tolist() == [people.files[row] for row in pairs.left]
    face = people.faces[pairs.right[3], 8:-8, 8:-8]
    np.testing.assert_array_equal(read.right[3], frame(face, SPEC))


def save_all(path, anything, same):
    np.savez(path, left=anything, right=anything, same=same, left_names=anything, right_names=anything)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"no archive"),
        lambda path: np.savez(path, left=np.zeros(3)),
        lambda path: save_all(path, np.array([{"a": 1}], dtype=object), np.zeros(1)),
        lambda path: save_all(path, np.zeros(3), np.zeros(2)),
    ],
    ids=["no archive", "fields missing", "pickled", "unequal lengths"],
)
def test_it_refuses_what_are_no_pairs(tmp_path, spoil):
    spoil(tmp_path / "pairs.npz")
    with pytest.raises(DatasetError) as caught:
        read_pair_file(tmp_path / "pairs.npz")
    assert caught.value.code == "dataset_unreadable"


def test_it_says_when_there_is_no_file(tmp_path):
    with pytest.raises(DatasetError) as caught:
        read_pair_file(tmp_path / "pairs.npz")
    assert caught.value.code == "dataset_missing"


def test_a_batch_pairs_every_two_faces_of_one_person(generator):
    subjects = np.repeat([3, 7, 9], 4)
    left, right, same = draw_pairs_within(np.arange(12), subjects, generator).T
    np.testing.assert_array_equal(subjects[left] == subjects[right], same == 1)
    assert same.sum() == (1 - same).sum() == 3 * 6
    assert len(set(zip(left, right, strict=True))) == 36


def test_a_batch_never_pairs_a_face_with_itself(generator):
    rows = np.array([5, 6, 5, 6, 8, 9, 10, 8])
    left, right, same = draw_pairs_within(rows, np.repeat([0, 1], 4), generator).T
    assert (rows[left] != rows[right]).all()
    assert same.sum() == 12
