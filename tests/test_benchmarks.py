"""Every benchmark can be run, has a place in the docs, and says there what its figures say."""

import argparse
import json
import subprocess
import sys

import pytest

from benchmarks import report
from benchmarks.__main__ import listed, main, parser_of
from benchmarks.catalogue import BENCHMARKS, load
from benchmarks.spread import spread

PAGE = report.DOCS.with_suffix(".md")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_needs_no_options(name):
    options = parser_of(name).parse_args([name])
    assert options.out == report.DOCS


def test_every_benchmark_has_a_file_and_every_file_is_listed():
    takes_options = {
        path.stem
        for path in (report.ROOT / "benchmarks").glob("*.py")
        if "\ndef arguments(" in path.read_text()
    }
    assert takes_options == set(BENCHMARKS)


def test_all_runs_those_too_that_take_long():
    assert listed(everything=True) == list(BENCHMARKS)
    assert {"memory", "peers"} == set(BENCHMARKS) - set(listed(everything=False))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_docs_show_the_published_figures(name):
    page, published = PAGE.read_text(), report.DOCS / f"{name}.json"
    assert f"BENCH={name}" in page or f"`{name}`" in page
    assert f"<!-- {name} -->" in page
    if published.is_file():
        figures = json.loads(published.read_text())[name]
        assert report.with_table(page, name, load(name).table(figures)) == page


def test_a_run_ends_with_one_line_of_json_and_leaves_a_plot(tmp_path, capsys):
    main(["identify", "--sizes", "100", "200", "--enrolled", "--json", "--out", str(tmp_path)])
    *_, last = capsys.readouterr().out.splitlines()
    figures = json.loads(last)["identify"]
    assert {"median_ms", "max_ms", "memory_mb"} <= figures["people"]["200"].keys()
    assert json.loads((tmp_path / "identify.json").read_text())["identify"] == figures
    assert (tmp_path / "identify.svg").read_text().startswith("<?xml")


def test_identify_searches_a_database_too(tmp_path):
    """In a process of its own, since it sets a site up."""
    command = [sys.executable, "-m", "benchmarks", "identify", "--sizes", "100", "--enrolled", "3", "9"]
    subprocess.run([*command, "--out", str(tmp_path)], cwd=report.ROOT, check=True, capture_output=True)
    figures = json.loads((tmp_path / "identify.json").read_text())["identify"]["enrolled"]
    assert figures.keys() == {"3", "9"}
    assert all(figures["9"][key] > 0 for key in ("median_ms", "by_key_median_ms", "load_seconds"))


@pytest.mark.e2e
def test_verify_says_what_others_rely_on(tmp_path, capsys):
    main(["verify", "--callers", "1", "2", "--seconds", "1", "--json", "--out", str(tmp_path)])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])["verify"]
    for callers in ("1", "2"):
        assert {"median_ms", "p95_ms", "p99_ms", "per_second"} <= figures[callers].keys()
    assert figures["best_per_second"] == max(figures[callers]["per_second"] for callers in ("1", "2"))
    assert "stage: embed" in figures["stages_ms"]


def test_no_percentile_lies_above_the_largest():
    assert spread([1.0, 2.0, 10.0]) == {"median": 2.0, "p95": 9.2, "p99": 9.8, "max": 10.0}


def test_a_single_time_is_no_spread():
    assert spread([1.0]) == {}


def test_a_table_replaces_the_one_between_its_marks_alone():
    page = "<!-- a -->\n\nold\n\n<!-- /a -->\n\n<!-- b -->\n\nkept\n\n<!-- /b -->"
    assert report.with_table(page, "a", "| new |") == page.replace("old", "| new |")


def test_missing_research_faces_are_told(tmp_path):
    options = argparse.Namespace(lfw=tmp_path, images=1, threads=[1])
    with pytest.raises(SystemExit, match="expected research faces"):
        load("pipeline").measure(options)
