import shutil

import numpy as np
import pytest

from ml.errors import DatasetError
from ml.faces.images import encode_jpeg
from ml.training.folder import read_people, source_of, split_names


def test_it_reads_people_and_their_faces(folder, two_sources):
    people = read_people(folder)
    assert people.names == two_sources.names
    assert people.files == two_sources.files
    np.testing.assert_array_equal(people.subjects, two_sources.subjects)
    assert people.faces.dtype == np.uint8
    assert np.abs(people.faces.astype(int) - two_sources.faces).mean() < 5


def test_it_draws_the_same_few_people_for_the_same_seed(folder):
    names = read_people(folder, limit=5, seed=1).names
    assert len(names) == 5
    assert names == read_people(folder, limit=5, seed=1).names
    assert names != read_people(folder, limit=5, seed=2).names


def keep_people(root, count):
    for person in sorted(root.iterdir())[count:]:
        shutil.rmtree(person)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (shutil.rmtree, "dataset_missing"),
        (lambda root: keep_people(root, 0), "dataset_missing"),
        (lambda root: keep_people(root, 1), "dataset_too_small"),
        (lambda root: [(root / "0003" / f"{i}.jpg").unlink() for i in (0, 1)], "dataset_too_small"),
        (
            lambda root: (root / "0003" / "1.jpg").write_bytes(b"\xff\xd8\xff no picture"),
            "dataset_unreadable",
        ),
        (
            lambda root: (root / "0003" / "1.jpg").write_bytes(encode_jpeg(np.zeros((64, 64, 3), np.uint8))),
            "dataset_unreadable",
        ),
    ],
    ids=["no folder", "empty folder", "one person", "one picture", "corrupt picture", "wrong size"],
)
def test_it_refuses_a_bad_folder(folder, tmp_path, spoil, code):
    root = shutil.copytree(folder, tmp_path / "people")
    spoil(root)
    with pytest.raises(DatasetError) as caught:
        read_people(root)
    assert caught.value.code == code


def test_it_names_the_bad_picture(folder, tmp_path):
    root = shutil.copytree(folder, tmp_path / "people")
    (root / "0003" / "1.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"0003/1\.jpg"):
        read_people(root)


@pytest.mark.parametrize(
    ("name", "source"), [("000123", ""), ("f0007", "f"), ("Ada_Lovelace", ""), ("Ada", ""), ("x1y2", "")]
)
def test_it_tells_sources_by_the_letters_before_a_number(name, source):
    assert source_of(name) == source


def test_it_splits_people_into_disjoint_parts_of_every_source():
    names = [f"{n:03}" for n in range(100)] + [f"f{n:03}" for n in range(50)]
    parts = split_names(names, (8, 1, 1), seed=3)
    assert [len(part) for part in parts] == [120, 15, 15]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert [sum(name.startswith("f") for name in part) for part in parts] == [40, 5, 5]


def test_the_split_depends_on_the_seed_and_not_on_the_order():
    names = [f"{n:03}" for n in range(40)]
    assert split_names(names, (1, 1), seed=3) == split_names(names[::-1], (1, 1), seed=3)
    assert split_names(names, (1, 1), seed=3) != split_names(names, (1, 1), seed=4)


def test_it_refuses_parts_too_small_to_compare_people():
    with pytest.raises(DatasetError):
        split_names(["1", "2", "3", "4", "5"], (8, 1, 1))


def test_it_takes_some_of_the_people(two_sources):
    some = two_sources.only(["f0101", "0002"])
    assert some.names == ("0002", "f0101")
    assert some.files[2:4] == ("0002/2.jpg", "f0101/0.jpg")
    np.testing.assert_array_equal(some.subjects, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(some.faces[3], two_sources.faces[30])


def test_the_digest_changes_with_a_pixel(people):
    other = people.only(people.names)
    assert other.digest == people.digest
    other.faces[0, 0, 0, 0] ^= 1
    assert other.digest != people.digest
