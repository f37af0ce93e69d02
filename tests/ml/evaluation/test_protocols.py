import shutil
from dataclasses import replace

import numpy as np
import pytest

from ml.errors import DatasetError
from ml.evaluation.plots import det_plot
from ml.evaluation.protocols import FAILED, Embeddings, lfw, read_pairs, templates
from ml.faces.images import encode_jpeg
from ml.serving.calibration import Calibration
from ml.siamese.comparators import EuclideanComparator
from ml.siamese.rules import RULES
from tests.faces import needs_lfw


@pytest.fixture(scope="module")
def faces(pipeline, small_lfw):
    return Embeddings(pipeline, small_lfw)


@needs_lfw
def test_it_runs_the_ten_folds(faces):
    figures = lfw(faces).figures
    assert figures["pairs"] == 20
    assert figures["subjects"] == 10
    assert figures["accuracy"] >= 0.9
    assert figures["fte"] == 0
    assert figures["tar_at_fmr"].keys() == {"0.01", "0.001"}


@needs_lfw
def test_it_compares_templates_with_probes(faces):
    figures = templates(faces, anchors=3).figures
    assert (figures["subjects"], figures["mated"], figures["non_mated"]) == (10, 10, 90)
    assert figures["fnmr_at_fmr"].keys() == {"0.001", "0.0001"}
    assert figures["fnmr_at_fmr"]["0.001"] <= 0.1


@needs_lfw
@pytest.mark.parametrize("rule", RULES)
def test_it_lets_the_anchors_decide_by_each_rule(faces, pipeline, rule):
    figures = templates(faces, anchors=3, rule=rule).figures
    assert figures["rule"] == rule
    assert figures["fnmr_at_fmr"]["0.001"] <= 0.1
    shipped = pipeline.artifact.calibration.threshold(anchors=3, rule=rule)
    assert figures["shipped_threshold"]["threshold"] == shipped


@needs_lfw
def test_it_counts_a_picture_without_a_face_as_a_failure_and_a_non_match(pipeline, small_lfw, tmp_path):
    root = shutil.copytree(small_lfw, tmp_path / "lfw")
    blank = encode_jpeg(np.full((250, 250, 3), 90, np.uint8))
    first = sorted((root / "images").iterdir())[0]
    (first / f"{first.name}_0002.jpg").write_bytes(blank)
    found = lfw(Embeddings(pipeline, root))
    assert found.figures["fte"] == pytest.approx(1 / 20)
    assert found.curve.thresholds[-1] == FAILED


@needs_lfw
def test_it_compares_as_the_artifact_does(pipeline, small_lfw, faces):
    # On the unit sphere distance falls as the cosine rises, so both tell people apart equally well.
    by_distance = replace(pipeline, artifact=replace(pipeline.artifact, comparator=EuclideanComparator()))
    found = lfw(Embeddings(by_distance, small_lfw))
    assert found.curve.thresholds[-1] < -1
    assert found.figures["tar_at_fmr"] == lfw(faces).figures["tar_at_fmr"]


@needs_lfw
def test_it_goes_on_without_a_shipped_threshold(pipeline, small_lfw):
    bare = replace(pipeline, artifact=replace(pipeline.artifact, calibration=Calibration({}, {})))
    assert templates(Embeddings(bare, small_lfw)).figures["shipped_threshold"] is None


@needs_lfw
def test_it_embeds_each_picture_once(pipeline, small_lfw):
    asked = []

    def counted(paths):
        asked.append(len(paths))
        return paths

    faces = Embeddings(pipeline, small_lfw, progress=counted)
    templates(faces, anchors=1)
    templates(faces, anchors=3)
    assert asked == [40, 0]


@needs_lfw
def test_it_draws_the_error_trade_off(faces, tmp_path):
    png, svg = det_plot({"shipped": lfw(faces).curve}, tmp_path / "det", title="Ten people")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "<svg" in svg.read_text()


def test_it_reads_both_kinds_of_pairs(tmp_path):
    (tmp_path / "pairs.txt").write_text("10\t1\n" + "Ada_L\t1\t12\nAda_L\t3\tBob\t4\n" * 5)
    mated, other = read_pairs(tmp_path / "pairs.txt")[:2]
    assert (str(mated.left), str(mated.right), mated.mated) == (
        "Ada_L/Ada_L_0001.jpg",
        "Ada_L/Ada_L_0012.jpg",
        True,
    )
    assert (str(other.right), other.mated) == ("Bob/Bob_0004.jpg", False)


@pytest.mark.parametrize("text", ["", "10\t300\n", "10\t300\nAda_L\t1\t2\n"])
def test_it_refuses_a_list_that_makes_no_ten_folds(tmp_path, text):
    (tmp_path / "pairs.txt").write_text(text)
    with pytest.raises(DatasetError):
        read_pairs(tmp_path / "pairs.txt")


@pytest.mark.parametrize(
    "data", [b"\xff\xfe1\x000\x00", b"10\t300\nAda_L\tone\t2\n"], ids=["UTF-16", "words"]
)
def test_it_says_that_a_list_cannot_be_read(tmp_path, data):
    (tmp_path / "pairs.txt").write_bytes(data)
    with pytest.raises(DatasetError) as caught:
        read_pairs(tmp_path / "pairs.txt")
    assert caught.value.code == "dataset_unreadable"


def test_it_says_when_the_set_is_missing(pipeline, tmp_path):
    with pytest.raises(DatasetError):
        lfw(Embeddings(pipeline, tmp_path))
    with pytest.raises(DatasetError):
        templates(Embeddings(pipeline, tmp_path))
