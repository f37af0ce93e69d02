import json
import re
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from ml.config import DEFAULT_ARTIFACT
from ml.evaluation.html_report import html_report
from ml.evaluation.metrics import Comparisons, error_curve
from ml.evaluation.protocols import Evaluation
from ml.evaluation.report_files import write_report
from ml.evaluation.tables import Table, one_in, tables_of, threshold_table
from tests.faces import needs_lfw


def rates(fmr=1e-4, **changes):
    found = {
        "fmr": fmr,
        "fmr_interval": (0.0, 3e-4),
        "false_matches": 1,
        "non_mated": 10_000,
        "strangers": 100,
        "fnmr": 0.02,
        "fnmr_interval": (0.01, 0.03),
        "mated": 100,
        "people": 90,
    }
    return {**found, **changes}


@pytest.fixture
def evaluation():
    row = {"pictures": 200, "without_face": 0.0, "refused": 0.05, "open": rates(), "gated": rates(4e-4)}
    nobody = rates(None, fmr_interval=None, fnmr=None, fnmr_interval=None)
    figures = {
        "protocol": "conditions",
        "rule": "template_mean",
        "anchors": 3,
        "threshold": 0.5,
        "subjects": 90,
        "strangers": 100,
        "rows": [
            {"kind": "as it is", "name": "as it is", **row},
            {"kind": "face size", "name": "64 px", **row, "gated": nobody},
            {"kind": "collection", "name": "names f0...", "pictures": 9, "open": rates()},
        ],
        "must_hold": [
            {
                "kind": "face size",
                "name": "<64 px>",
                "fmr": 4e-4,
                "fmr_interval": (0.0, 1e-3),
                "limit": 3e-4,
                "holds": False,
            }
        ],
    }
    generator = np.random.default_rng(0)
    mated = np.arange(2000) < 500
    comparisons = Comparisons.of(generator.normal(mated * 0.7, 0.15), mated, np.zeros((2000, 2)))
    return Evaluation(figures=figures, curve=error_curve(comparisons), comparisons=comparisons)


def test_it_writes_figures_plots_and_one_page_that_needs_nothing_else(artifact, evaluation, tmp_path):
    files = write_report(tmp_path / "out", artifact, evaluation)
    assert {file.name for file in files} >= {
        "report.html",
        "conditions.json",
        "conditions.svg",
        "det_conditions.png",
    }
    assert json.loads((tmp_path / "out/conditions.json").read_text())["digest"] == artifact.digest
    page = (tmp_path / "out/report.html").read_text()
    assert artifact.digest in page
    assert page.count("data:image/svg+xml;base64,") == 4
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "<script" not in page


def test_it_writes_the_same_bytes_again(artifact, evaluation, tmp_path):
    once, again = (write_report(tmp_path / name, artifact, evaluation) for name in "ab")
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]


def test_it_says_which_limit_does_not_hold(evaluation):
    _, limits = tables_of(evaluation.figures)
    assert limits.rows == [("face size: <64 px>", "4.0e-04 (0 to 1e-03)", "0.0003", "NO")]


def test_it_leaves_empty_what_was_not_compared(evaluation):
    table = tables_of(evaluation.figures)[0]
    assert table.rows[1][4:6] == ("", "")
    assert {len(row) for row in table.rows} == {len(table.head)}


def test_it_writes_texts_as_texts(artifact):
    table = Table("<b>", "a & b", ("", ""), [("<script>", "1")])
    page = html_report(artifact, summary="<i>", tables=[table], plots=[])
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "a &amp; b" in page


def test_it_explains_thresholds(evaluation):
    table = threshold_table(evaluation.curve, shipped=0.35)
    assert [row[0] for row in table.rows] == ["FMR 0.1", "FMR 0.01", "FMR 0.001", "FMR 0.0001", "shipped"]
    fmr, fnmr = evaluation.curve.at_threshold(0.35)
    assert table.rows[-1][1:4] == ("0.3500", f"{fmr:.1e}", f"{fnmr:.2%}")
    assert len(threshold_table(evaluation.curve, None).rows) == 4


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0, "none"),
        (0.00012, "about 1 in 8,300"),
        (1 / 120, "about 1 in 120"),
        (0.25, "about 1 in 4"),
        (0.9, "90%"),
    ],
)
def test_it_says_a_rate_in_words(rate, words):
    assert one_in(rate) == words


@needs_lfw
@pytest.mark.parametrize("protocol", ["lfw", "templates"])
def test_the_command_prints_and_writes(small_lfw, tmp_path, protocol):
    out = StringIO()
    options = {"data": small_lfw, "artifact": DEFAULT_ARTIFACT, "out": tmp_path, "json": True}
    call_command("evaluate_model", protocol=protocol, **options, stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["protocol"] == protocol
    assert "interval" in out.getvalue()
    assert (tmp_path / "report.html").is_file()


@needs_lfw
def test_the_command_evaluates_a_list_of_pairs(small_lfw, tmp_path):
    names = sorted(path.name for path in (small_lfw / "images").iterdir())
    lines = [f"{name}/{name}_0001.jpg,{name}/{name}_0002.jpg,1" for name in names]
    lines += [
        f"{name}/{name}_0001.jpg,{other}/{other}_0001.jpg,0"
        for name, other in zip(names, names[1:] + names[:1], strict=True)
    ]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("\n".join(["left,right,same", *lines]) + "\n")
    out = StringIO()
    options = {"data": small_lfw / "images", "artifact": DEFAULT_ARTIFACT, "pairs": pairs}
    call_command("evaluate_model", protocol="pairs", **options, stdout=out)
    assert "10 mated and 10 non-mated pairs of 10 people" in " ".join(out.getvalue().split())


def test_the_command_says_what_is_missing(tmp_path):
    options = {"data": tmp_path, "artifact": DEFAULT_ARTIFACT}
    for protocol in ("lfw", "pairs", "templates", "conditions"):
        with pytest.raises(CommandError, match="dataset_missing"):
            call_command("evaluate_model", protocol=protocol, **options)
