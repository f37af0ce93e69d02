import dataclasses
from pathlib import Path

import pytest

from ml.errors import DatasetError
from ml.evaluation.listed_pairs import listed_pairs, people_in, read_list
from ml.evaluation.protocols import Embeddings, Pair
from ml.serving.calibration import Calibration
from tests.faces import LFW, lfw_people, needs_lfw


def written(tmp_path, text):
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    return path


def test_it_reads_a_list(tmp_path):
    path = written(tmp_path, "left,right,same\na/1.jpg, a/2.jpg,1\n\na/1.jpg,b/1.jpg,false\n")
    assert read_list(path) == [
        Pair(Path("a/1.jpg"), Path("a/2.jpg"), mated=True),
        Pair(Path("a/1.jpg"), Path("b/1.jpg"), mated=False),
    ]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "dataset_unreadable", "header left,right,same"),
        ("a,b,1\n", "dataset_unreadable", "header left,right,same"),
        ("left,right,same\na,b,1\na,b\n", "dataset_unreadable", "line 3"),
        ("left,right,same\na,b,maybe\n", "dataset_unreadable", "line 2"),
        ("left,right,same\na,,0\n", "dataset_unreadable", "line 2"),
        ("left,right,same\na,b,1\n", "dataset_too_small", "both kinds"),
        ("left,right,same\n", "dataset_too_small", "both kinds"),
    ],
)
def test_it_says_what_is_wrong_with_a_list(tmp_path, text, code, words):
    with pytest.raises(DatasetError, match=words) as caught:
        read_list(written(tmp_path, text))
    assert caught.value.code == code


def test_it_says_when_the_list_is_missing_or_no_text(tmp_path):
    with pytest.raises(DatasetError) as caught:
        read_list(tmp_path / "none.csv")
    assert caught.value.code == "dataset_missing"
    (tmp_path / "odd.csv").write_bytes(b"left,right,same\n\xff\xfe,b,1\n")
    with pytest.raises(DatasetError) as caught:
        read_list(tmp_path / "odd.csv")
    assert caught.value.code == "dataset_unreadable"


def pair(left, right, mated):
    return Pair(Path(left), Path(right), mated=mated)


def test_it_takes_folders_for_people():
    owners = people_in([pair("a/1", "a/2", True), pair("a/1", "b/1", False), pair("b/2", "c/1", False)])
    assert owners[Path("b/1")] == owners[Path("b/2")]
    assert len(set(owners.values())) == 3


def test_it_follows_mated_pairs_where_folders_are_no_people():
    owners = people_in([pair("1", "2", True), pair("3", "2", True), pair("1", "4", False)])
    assert owners[Path("1")] == owners[Path("2")] == owners[Path("3")] != owners[Path("4")]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """A list of 40 people of LFW: two pictures of each are mated, each meets three others."""
    if not LFW.is_dir():
        pytest.skip("needs the research faces in ../shared/data/lfw")
    names = lfw_people(40, images=2)
    files = [sorted(path.relative_to(LFW) for path in (LFW / name).glob("*.jpg")) for name in names]
    lines = ["left,right,same", *(f"{first},{second},1" for first, second, *_ in files)]
    for step in (1, 2, 5):
        lines += [f"{files[n][0]},{files[(n + step) % 40][0]},0" for n in range(40)]
    path = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def faces(pipeline):
    return Embeddings(pipeline, LFW, images=".")


@needs_lfw
def test_it_measures_at_the_shipped_threshold(faces, pairs, pipeline):
    figures = listed_pairs(faces, pairs).figures
    assert figures["threshold"] == pipeline.artifact.calibration.threshold(anchors=1)
    assert (figures["mated"], figures["non_mated"], figures["subjects"]) == (40, 120, 40)
    assert figures["accuracy"] == pytest.approx(1 - (figures["fnmr"] * 40 + figures["fmr"] * 120) / 160)
    assert figures["fmr"] == 0
    assert figures["auc"] > 0.95
    assert figures["probability"]["brier"] < 0.1


@needs_lfw
def test_it_sets_a_missing_threshold_on_other_people(faces, pairs, pipeline, monkeypatch):
    bare = dataclasses.replace(pipeline.artifact, calibration=Calibration(rules={}, evidence={}))
    monkeypatch.setattr(faces, "pipeline", dataclasses.replace(pipeline, artifact=bare))
    figures = listed_pairs(faces, pairs).figures
    assert figures["threshold_from"] == "the calibration half"
    assert figures["subjects"] < figures["listed_subjects"]
    assert figures["accuracy"] > 0.9


@needs_lfw
def test_it_names_a_picture_that_is_missing_or_none(pipeline, tmp_path):
    pairs = written(tmp_path, "left,right,same\na.jpg,b.jpg,1\na.jpg,c.jpg,0\n")
    with pytest.raises(DatasetError, match=r"a\.jpg") as caught:
        listed_pairs(Embeddings(pipeline, tmp_path, images="."), pairs)
    assert caught.value.code == "dataset_missing"
    for name in "abc":
        (tmp_path / f"{name}.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with pytest.raises(DatasetError, match=r"a\.jpg") as caught:
        listed_pairs(Embeddings(pipeline, tmp_path, images="."), pairs)
    assert caught.value.code == "dataset_unreadable"
