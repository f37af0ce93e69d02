"""An evaluation on disk: figures for programs, plots, and the page for people."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml.evaluation.conditions import FMR_LIMIT
from ml.evaluation.html_report import Plot, html_report
from ml.evaluation.plots import conditions_plot, det_plot, reliability_plot, roc_plot, scores_plot
from ml.evaluation.protocols import FAILED, Evaluation
from ml.evaluation.tables import tables_of, threshold_table
from ml.serving.artifacts import Artifact

_SUMMARY = "Protocol {protocol}. {protocol}.json beside this page holds every figure in full."


def write_report(
    out: Path, artifact: Artifact, found: Evaluation, *, more_plots: Sequence[Plot] = ()
) -> list[Path]:
    """Write `<protocol>.json`, the plots as PNG and SVG, and `report.html`.

    Args:
        out: Folder, made if missing.
        artifact: What was measured.
        found: What the protocol found.
        more_plots: SVG files for the page beside the protocol's own.

    Returns:
        The files written.
    """
    out.mkdir(parents=True, exist_ok=True)
    figures = found.named(artifact)
    data = out / f"{figures['protocol']}.json"
    data.write_text(json.dumps(figures, indent=2) + "\n")
    drawn = _draw(out, artifact, found)
    plots = [Plot(files[1], words, wide=wide) for files, words, wide in drawn]
    tables = [*tables_of(figures), threshold_table(found.curve, shipped_threshold(found.figures))]
    page = out / "report.html"
    summary = _SUMMARY.format(protocol=figures["protocol"])
    page.write_text(html_report(artifact, summary=summary, tables=tables, plots=[*plots, *more_plots]))
    return [page, data, *(file for files, *_ in drawn for file in files)]


def shipped_threshold(figures: dict[str, Any]) -> float | None:
    """The threshold that the figures were measured at; None if there was none."""
    shipped = figures.get("shipped_threshold")
    threshold = shipped["threshold"] if shipped else figures.get("threshold")
    return None if threshold is None else float(threshold)


def _draw(out: Path, artifact: Artifact, found: Evaluation) -> list[tuple[list[Path], str, bool]]:
    figures, curves = found.figures, {artifact.name: found.curve}
    protocol = figures["protocol"]
    threshold = shipped_threshold(figures)
    drawn = [
        (
            det_plot(curves, out / f"det_{protocol}", title=f"Error trade-off, {protocol}"),
            "False non-match rate over false match rate",
            False,
        ),
        (
            roc_plot(curves, out / f"roc_{protocol}", title=f"Receiver operating characteristic, {protocol}"),
            "True accept rate over false match rate",
            False,
        ),
        (
            scores_plot(
                found.comparisons,
                out / f"scores_{protocol}",
                title=f"Scores, {protocol}",
                threshold=threshold,
                lowest=FAILED,
            ),
            "Scores of mated and of non-mated comparisons with the threshold",
            False,
        ),
    ]
    if "probability" in figures:
        files = reliability_plot(
            figures["probability"]["reliability"], out / f"reliability_{protocol}", title="Reliability"
        )
        drawn.append((files, "Share of mated pairs over the probability stated", False))
    if protocol == "conditions":
        title = "Errors by condition of the picture, with the gate"
        files = conditions_plot(figures["rows"], out / "conditions", title=title, limit=FMR_LIMIT)
        drawn.append((files, "False match and false non-match rate by condition of the picture", True))
    return drawn
