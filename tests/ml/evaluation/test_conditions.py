import shutil
from pathlib import Path

import pytest

from ml.errors import DatasetError
from ml.evaluation import conditions as module
from ml.evaluation.alterations import ALTERATIONS
from ml.evaluation.conditions import conditions, must_hold
from ml.evaluation.sources import source_rows
from tests.faces import LFW, SHARED, lfw_people, needs_lfw

KEPT = [("face size", "64 px"), ("occlusion", "sunglasses")]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Four people of LFW with 5 pictures, six with one."""
    if not LFW.is_dir():
        pytest.skip("needs the research faces in ../shared/data/lfw")
    root = tmp_path_factory.mktemp("lfw")
    many = lfw_people(4, images=5)
    for name in [*many, *[name for name in lfw_people(30, images=1) if name not in many][:6]]:
        (root / "images" / name).mkdir(parents=True)
        for picture in sorted((LFW / name).glob("*.jpg"))[: 5 if name in many else 1]:
            shutil.copy(picture, root / "images" / name)
    return root


@pytest.fixture(scope="module")
def figures(pipeline, people):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ALTERATIONS", {key: ALTERATIONS[key] for key in KEPT})
        return conditions(pipeline, people).figures


def rows(figures, kind):
    return [row for row in figures["rows"] if row["kind"] == kind]


@needs_lfw
def test_it_measures_pictures_as_they_are(figures, pipeline):
    (row,) = rows(figures, "as it is")
    assert figures["threshold"] == pipeline.artifact.calibration.threshold(anchors=3)
    assert row["pictures"] == 4 * 2 + 6
    assert (row["open"]["mated"], row["open"]["people"], row["open"]["non_mated"]) == (8, 4, 24)
    assert row["open"]["fmr"] == 0


@needs_lfw
def test_it_tries_one_altered_picture_a_person(figures):
    (row,) = rows(figures, "occlusion")
    assert row["pictures"] == 4 + 6
    assert row["open"]["mated"] == 4


@needs_lfw
def test_it_sorts_pictures_by_the_turn_of_the_head(figures):
    turned = rows(figures, "head turned")
    assert sum(row["pictures"] for row in turned) == 4 * 2 + 6
    assert turned[0]["name"] == "0 to 10 degrees"


@needs_lfw
def test_it_counts_behind_the_gate_only_what_the_gate_lets_through(figures):
    for row in figures["rows"]:
        assert row["gated"]["mated"] <= row["open"]["mated"]
        if row["pictures"]:
            passed = round((1 - row["refused"]) * row["pictures"])
            assert row["gated"]["mated"] + row["gated"]["strangers"] == passed


def test_it_limits_small_and_cut_faces():
    def row(kind, name, fmr):
        return {"kind": kind, "name": name, "gated": {"fmr": fmr, "fmr_interval": None}}

    held = must_hold(
        [
            row("face size", "64 px", 3e-4),
            row("face size", "32 px", 1),
            row("cut by the edge", "2 % at the top", 3.1e-4),
            row("cut by the edge", "2 % at the left", None),
        ]
    )
    assert [(found["name"], found["holds"]) for found in held] == [
        ("64 px", True),
        ("2 % at the top", False),
        ("2 % at the left", True),
    ]


@needs_lfw
def test_it_needs_strangers(pipeline, people, tmp_path):
    root = tmp_path / "lfw" / "images"
    root.mkdir(parents=True)
    for folder in sorted((people / "images").iterdir()):
        if len(list(folder.iterdir())) == 5:
            shutil.copytree(folder, root / folder.name)
    with pytest.raises(DatasetError) as caught:
        conditions(pipeline, tmp_path / "lfw")
    assert caught.value.code == "dataset_too_small"


@needs_lfw
def test_it_names_a_picture_that_is_none(pipeline, people, tmp_path):
    root = shutil.copytree(people, tmp_path / "lfw")
    stranger = next(f for f in sorted((root / "images").iterdir()) if len(list(f.iterdir())) == 1)
    (picture,) = stranger.iterdir()
    picture.write_bytes(b"\xff\xd8\xff no picture")
    with pytest.raises(DatasetError, match=picture.name) as caught:
        conditions(pipeline, root)
    assert caught.value.code == "dataset_unreadable"


@pytest.fixture(scope="module")
def two_collections(tmp_path_factory):
    if not (SHARED / "train").is_dir():
        pytest.skip("needs the research faces in ../shared/data/train")
    root = tmp_path_factory.mktemp("train")
    names = sorted(folder.name for folder in (SHARED / "train").iterdir())
    for name in names[:40] + names[-40:]:
        shutil.copytree(SHARED / "train" / name, root / name)
    return root


def test_it_measures_each_collection_by_itself(pipeline, two_collections: Path):
    digits, families = source_rows(pipeline.artifact, pipeline.embedder, two_collections)
    assert (digits["name"], families["name"]) == ("names of digits, anchors: 1", "names f0..., anchors: 1")
    assert digits["open"]["mated"] > 0
    assert digits["open"]["fmr"] < 0.01
    assert families["pictures"] > 0
