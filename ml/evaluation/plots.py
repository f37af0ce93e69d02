"""Pictures of error rates, scores and probabilities. Imports matplotlib, so only commands and training import this.

Each function takes `out`, the file to write without suffix, and returns the files written: PNG and SVG.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ml.evaluation.metrics import Comparisons, ErrorCurve
from ml.evaluation.plot_style import COLOURS, INK, SIZE, dress, save, style
from ml.types import Rates

_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_MAX_POINTS = 4000
_BINS = 80
_DOTTED = (0, (2, 4))
_STRANGERS, _PEOPLE = "False match rate (FMR): strangers let in", "people turned away"


def det_plot(curves: Mapping[str, ErrorCurve], out: Path, *, title: str) -> list[Path]:
    """Draw detection error trade-off curves, FNMR over FMR, both logarithmic: further left and down is better.

    Args:
        curves: Each with its name.
        out: Where to write, without suffix.
        title: Stands above.
    """
    with style():
        figure, axes = _figure()
        points = {name: _thinned(curve) for name, curve in curves.items()}
        floor = _floor(min(float(rates.min()) for pair in points.values() for rates in pair))
        for (name, (fmr, fnmr)), colour in zip(points.items(), COLOURS, strict=False):
            eer = curves[name].eer
            axes.step(fmr, fnmr, where="post", color=colour, linewidth=2, label=f"{name}, EER {eer:.2%}")
            axes.plot(eer, eer, "o", color=colour, markersize=5, zorder=3)
        axes.plot([floor, 1], [floor, 1], color=INK, linewidth=0.8, linestyle=_DOTTED, label="FMR = FNMR")
        axes.set(xscale="log", yscale="log", xlim=(floor, 1), ylim=(floor, 1))
        axes.set_xticks(*_ticks(floor))
        axes.set_yticks(*_ticks(floor))
        dress(axes, title=title, x=_STRANGERS, y=f"False non-match rate (FNMR): {_PEOPLE}")
        axes.minorticks_off()
        figure.legend(frameon=False, loc="outside lower center", ncols=2)
        return save(figure, out)


def roc_plot(curves: Mapping[str, ErrorCurve], out: Path, *, title: str) -> list[Path]:
    """Draw receiver operating characteristics, true accept rate over FMR (logarithmic): further up is better.

    Args:
        curves: Each with its name.
        out: Where to write, without suffix.
        title: Stands above.
    """
    with style():
        figure, axes = _figure()
        floor = _floor(min(float(_thinned(curve)[0].min()) for curve in curves.values()))
        for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
            label = f"{name}, area {curve.auc:.4f}"
            fmr, tar = _few(np.maximum(curve.fmr, floor / 10), 1 - curve.fnmr)
            axes.step(fmr, tar, where="post", color=colour, linewidth=2, label=label)
        chance = np.geomspace(floor, 1, 200)
        axes.plot(chance, chance, color=INK, linewidth=0.8, linestyle=_DOTTED, label="chance")
        axes.set(xscale="log", xlim=(floor, 1), ylim=(0, 1.01))
        axes.set_xticks(*_ticks(floor))
        axes.yaxis.set_major_formatter(_percent)
        dress(axes, title=title, x=_STRANGERS, y="True accept rate (TAR): people let in")
        axes.minorticks_off()
        figure.legend(frameon=False, loc="outside lower center", ncols=2)
        return save(figure, out)


def scores_plot(
    comparisons: Comparisons, out: Path, *, title: str, threshold: float | None, lowest: float
) -> list[Path]:
    """Draw how the scores of mated and of non-mated comparisons are spread, and where the threshold stands.

    Args:
        comparisons: Scored.
        out: Where to write, without suffix.
        title: Stands above.
        threshold: From here on a probe matches; None if the model has none.
        lowest: Scores at or below stand for pictures without a face, and are left out.
    """
    with style():
        figure, axes = _figure()
        compared = comparisons.similarity > lowest
        shown = comparisons.similarity[compared]
        edges = np.linspace(float(shown.min()), float(shown.max()), _BINS + 1)
        kinds = ((False, COLOURS[1], "non-mated: two people"), (True, COLOURS[0], "mated: one person"))
        for mated, colour, label in kinds:
            scores = comparisons.similarity[compared & (comparisons.mated == mated)]
            shares = np.histogram(scores, edges)[0] / max(1, len(scores))
            name = f"{label}, {len(scores):,}"
            axes.stairs(shares, edges, fill=True, color=colour, alpha=0.35)
            axes.stairs(shares, edges, color=colour, linewidth=1.5, label=name)
        if threshold is not None:
            axes.axvline(
                threshold, color=INK, linewidth=1.2, linestyle="--", label=f"threshold {threshold:g}"
            )
        axes.yaxis.set_major_formatter(_percent)
        axes.set_ylim(bottom=0)
        dress(axes, title=title, x="Similarity: further right is closer", y="Share of comparisons")
        figure.legend(frameon=False, loc="outside lower center", ncols=2)
        return save(figure, out)


def reliability_plot(rows: Sequence[Mapping[str, Any]], out: Path, *, title: str) -> list[Path]:
    """Draw how often comparisons of one stated probability are mated: on the diagonal they are as often as stated.

    Args:
        rows: As `ml.evaluation.probability.judge` gives them.
        out: Where to write, without suffix.
        title: Stands above.
    """
    with style():
        figure, axes = _figure()
        said, true = ([row[key] for row in rows] for key in ("probability", "mated_share"))
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=_DOTTED, label="as stated")
        axes.plot(said, true, "o-", color=COLOURS[0], linewidth=2, label="measured, at even odds")
        for row in rows:
            place = (row["probability"], row["mated_share"])
            axes.annotate(f"{row['comparisons']:,}", place, (6, -10), textcoords="offset points", fontsize=8)
        axes.set(xlim=(-0.02, 1.06), ylim=(-0.05, 1.05))
        dress(axes, title=title, x="Probability stated", y="Share that shows one person")
        axes.legend(frameon=False, loc="upper left")
        return save(figure, out)


def conditions_plot(rows: Sequence[Mapping[str, Any]], out: Path, *, title: str, limit: float) -> list[Path]:
    """Draw both error rates behind the gate, row by row, with their 95 % intervals.

    Args:
        rows: As `ml.evaluation.conditions` gives them; those that the gate refuses whole have no dot.
        out: Where to write, without suffix.
        title: Stands above.
        limit: Of the FMR, drawn as a line.
    """
    with style():
        figure = Figure(figsize=(SIZE[0] * 1.4, 0.32 * len(rows) + 1.4), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        _dots(left, rows, "fmr", COLOURS[1])
        _dots(right, rows, "fnmr", COLOURS[0])
        name = f"limit of the FMR for small and cut faces, {100 * limit:g} %"
        left.axvline(limit, color=INK, linewidth=1, linestyle="--", label=name)
        left.set_yticks(range(len(rows)), [_condition(row) for row in rows])
        left.invert_yaxis()
        figure.legend(frameon=False, loc="outside lower center")
        dress(left, title=title, x="FMR: strangers let in", y="")
        dress(right, title="", x="FNMR: people turned away", y="")
        return save(figure, out)


def _dots(axes: Axes, rows: Sequence[Mapping[str, Any]], rate: str, colour: str) -> None:
    axes.set_xscale("symlog", linthresh=1e-5 if rate == "fmr" else 1e-3, linscale=0.5)
    for place, row in enumerate(rows):
        found = row.get("gated") or row["open"]
        if found[rate] is None:
            continue
        low, high = found[f"{rate}_interval"]
        axes.plot([low, high], [place, place], color=colour, linewidth=2, alpha=0.4)
        axes.plot(found[rate], place, "o", color=colour, markersize=5)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(_percent)
    axes.minorticks_off()


def _condition(row: Mapping[str, Any]) -> str:
    return str(row["kind"]) if row["kind"] == row["name"] else f"{row['kind']}: {row['name']}"


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    return figure, figure.add_subplot()


def _percent(share: float, _place: float) -> str:
    return f"{100 * share:g} %"


def _ticks(floor: float) -> tuple[list[float], list[str]]:
    ticks = [tick for tick in _TICKS if tick >= floor]
    return ticks, [_percent(tick, 0) for tick in ticks]


def _floor(lowest: float) -> float:
    """The power of ten at or below the lowest rate."""
    return float(max(10 ** np.floor(np.log10(lowest)), _TICKS[0]))


def _thinned(curve: ErrorCurve) -> tuple[Rates, Rates]:
    """The points that two logarithmic axes can show: where neither rate is zero."""
    shown = np.flatnonzero((curve.fmr > 0) & (curve.fnmr > 0))
    if not shown.size:
        return np.array([curve.eer or 1e-6]), np.array([curve.eer or 1e-6])
    return _few(curve.fmr[shown], curve.fnmr[shown])


def _few(x: Rates, y: Rates) -> tuple[Rates, Rates]:
    """At most a few thousand points of a curve whose x rises, evenly spaced on a logarithmic axis."""
    if len(x) <= _MAX_POINTS:
        return x, y
    wanted = np.searchsorted(x, np.geomspace(x[0], x[-1], _MAX_POINTS))
    kept = np.unique(np.clip(wanted, 0, len(x) - 1))
    return x[kept], y[kept]
