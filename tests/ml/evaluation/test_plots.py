import numpy as np
import pytest

from ml.evaluation.metrics import Comparisons, error_curve
from ml.evaluation.plots import conditions_plot, det_plot, reliability_plot, roc_plot, scores_plot


@pytest.fixture(scope="module")
def comparisons():
    generator = np.random.default_rng(0)
    mated = np.arange(6000) < 1000
    similarity = generator.normal(np.where(mated, 0.7, 0.0), 0.15)
    similarity[0] = -1e9
    return Comparisons.of(similarity, mated, np.zeros((6000, 2)))


@pytest.fixture(scope="module")
def curve(comparisons):
    return error_curve(comparisons)


def text_of(files):
    """Texts are drawn as shapes, each after a comment that says it."""
    return files[1].read_text()


def condition(name, fmr):
    rates = {"fmr": fmr, "fmr_interval": (0, 1e-3), "fnmr": 0.02, "fnmr_interval": (0.01, 0.03)}
    return {"kind": "face size", "name": name, "open": rates, "gated": rates}


def test_it_writes_both_forms_with_the_names(curve, tmp_path):
    for draw in (det_plot, roc_plot):
        files = draw({"base-1.5": curve, "other": curve}, tmp_path / draw.__name__, title="Ten people")
        assert files[0].read_bytes().startswith(b"\x89PNG")
        assert "Ten people" in text_of(files)
        assert "base-1.5" in text_of(files)


def test_it_draws_curves_that_never_err(tmp_path):
    perfect = error_curve(Comparisons.of([0.9, 0.8, 0.1], [True, True, False], np.zeros((3, 2))))
    for draw in (det_plot, roc_plot):
        assert draw({"perfect": perfect}, tmp_path / "x", title="")[0].is_file()


def test_it_leaves_pictures_without_a_face_out_of_the_scores(comparisons, tmp_path):
    files = scores_plot(comparisons, tmp_path / "scores", title="", threshold=0.45, lowest=-1e9)
    assert "mated: one person, 999" in text_of(files)
    assert "threshold 0.45" in text_of(files)


def test_it_draws_scores_without_a_threshold(comparisons, tmp_path):
    files = scores_plot(comparisons, tmp_path / "scores", title="", threshold=None, lowest=-1e9)
    assert "threshold" not in text_of(files)


def test_it_writes_how_many_stand_behind_a_probability(tmp_path):
    row = {"probability": 0.8, "mated_share": 0.75, "comparisons": 12_345}
    assert "12,345" in text_of(reliability_plot([row], tmp_path / "reliability", title=""))


def test_it_names_every_condition(tmp_path):
    rows = [condition("32 px", None), condition("64 px", 2e-4)]
    files = conditions_plot(rows, tmp_path / "conditions", title="", limit=3e-4)
    assert "face size: 32 px" in text_of(files)
    assert "0.03 %" in text_of(files)


def test_it_writes_the_same_bytes_again(curve, tmp_path):
    once, again = (det_plot({"a": curve}, tmp_path / name, title="T") for name in ("1", "2"))
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]
