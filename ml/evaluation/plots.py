"""Pictures of error rates. Imports matplotlib, so only commands and training import this."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from ml.evaluation.metrics import ErrorCurve

_COLOURS = ("#4f46e5", "#d97706", "#059669", "#dc2626")
_INK, _GRID = "#1f2937", "#e5e7eb"
_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_MAX_POINTS = 4000
_STYLE = {
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
        lowest = 1.0
        for (name, curve), colour in zip(curves.items(), _COLOURS, strict=False):
            fmr, fnmr = _thinned(curve)
            axes.step(
                fmr, fnmr, where="post", color=colour, linewidth=2, label=f"{name} (EER {curve.eer:.2%})"
            )
            axes.plot(curve.eer, curve.eer, "o", color=colour, markersize=5, clip_on=False, zorder=3)
            lowest = min(lowest, float(fmr.min()), float(fnmr.min()))
        floor = max(10 ** np.floor(np.log10(lowest)), _TICKS[0])
        axes.plot(
            [floor, 1], [floor, 1], color=_INK, linewidth=0.8, linestyle=(0, (2, 4)), label="equal error"
        )
        ticks = [tick for tick in _TICKS if tick >= floor]
        axes.set(xscale="log", yscale="log", xlim=(floor, 1), ylim=(floor, 1))
        axes.set_xticks(ticks, [f"{tick:.4%}".rstrip("0").rstrip(".%") + "%" for tick in ticks])
        axes.set_yticks(ticks, [f"{tick:.4%}".rstrip("0").rstrip(".%") + "%" for tick in ticks])
        axes.set_xlabel("False match rate (FMR): strangers let in")
        axes.set_ylabel("False non-match rate (FNMR): people turned away")
        axes.set_title(title, loc="left", fontweight="bold", pad=12)
        axes.grid(color=_GRID, linewidth=0.8)
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper right")
        out.parent.mkdir(parents=True, exist_ok=True)
        files = [out.with_suffix(".png"), out.with_suffix(".svg")]
        figure.savefig(files[0], dpi=160)
        figure.savefig(files[1], metadata={"Date": None})
    return files


def _thinned(curve: ErrorCurve) -> tuple[np.ndarray, np.ndarray]:
    """The points that a logarithmic plot can show: where neither rate is zero, at most a few thousand."""
    shown = np.flatnonzero((curve.fmr > 0) & (curve.fnmr > 0))
    if not shown.size:
        return np.array([curve.eer or 1e-6]), np.array([curve.eer or 1e-6])
    if shown.size > _MAX_POINTS:
        wanted = np.geomspace(curve.fmr[shown[0]], curve.fmr[shown[-1]], _MAX_POINTS)
        shown = np.unique(shown[np.clip(np.searchsorted(curve.fmr[shown], wanted), 0, shown.size - 1)])
    return curve.fmr[shown], curve.fnmr[shown]
