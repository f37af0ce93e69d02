"""Pictures of error rates. Imports matplotlib, so only commands and training import this."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ml.evaluation.metrics import ErrorCurve, Rates

_COLOURS = ("#4f46e5", "#d97706", "#059669", "#dc2626")
_INK, _GRID = "#1f2937", "#e5e7eb"
_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_MAX_POINTS = 4000
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.hashsalt": "faceverify",
}


def det_plot(curves: Mapping[str, ErrorCurve], out: Path, *, title: str) -> list[Path]:
    """Draw detection error trade-off curves, FNMR over FMR, both logarithmic: further left and down is better.

    Args:
        curves: Each with its name.
        out: Where to write, without suffix.
        title: Stands above.

    Returns:
        The files written: PNG and SVG.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 4.8), layout="constrained")
        axes = figure.add_subplot()
        points = {name: _thinned(curve) for name, curve in curves.items()}
        floor = _floor(min(float(rates.min()) for pair in points.values() for rates in pair))
        for (name, (fmr, fnmr)), colour in zip(points.items(), _COLOURS, strict=False):
            eer = curves[name].eer
            axes.step(fmr, fnmr, where="post", color=colour, linewidth=2, label=f"{name}, EER {eer:.2%}")
            axes.plot(eer, eer, "o", color=colour, markersize=5, zorder=3)
        axes.plot(
            [floor, 1], [floor, 1], color=_INK, linewidth=0.8, linestyle=(0, (2, 4)), label="FMR = FNMR"
        )
        _dress(axes, floor, title)
        out.parent.mkdir(parents=True, exist_ok=True)
        files = [out.with_suffix(".png"), out.with_suffix(".svg")]
        figure.savefig(files[0], dpi=160)
        figure.savefig(files[1], metadata={"Date": None})
    return files


def _dress(axes: Axes, floor: float, title: str) -> None:
    ticks = [tick for tick in _TICKS if tick >= floor]
    labels = [f"{100 * tick:g} %" for tick in ticks]
    axes.set(xscale="log", yscale="log", xlim=(floor, 1), ylim=(floor, 1))
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
    axes.set_xlabel("False match rate (FMR): strangers let in")
    axes.set_ylabel("False non-match rate (FNMR): people turned away")
    axes.set_title(title, loc="left", fontweight="bold", pad=12)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")


def _floor(lowest: float) -> float:
    """The power of ten at or below the lowest rate."""
    return float(max(10 ** np.floor(np.log10(lowest)), _TICKS[0]))


def _thinned(curve: ErrorCurve) -> tuple[Rates, Rates]:
    """The points that a logarithmic plot can show: where neither rate is zero, at most a few thousand."""
    shown = np.flatnonzero((curve.fmr > 0) & (curve.fnmr > 0))
    if not shown.size:
        return np.array([curve.eer or 1e-6]), np.array([curve.eer or 1e-6])
    if shown.size > _MAX_POINTS:
        wanted = np.geomspace(curve.fmr[shown[0]], curve.fmr[shown[-1]], _MAX_POINTS)
        shown = np.unique(shown[np.clip(np.searchsorted(curve.fmr[shown], wanted), 0, shown.size - 1)])
    return curve.fmr[shown], curve.fnmr[shown]
