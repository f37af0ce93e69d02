"""How every plot of the project looks, and how it is saved. Imports matplotlib, so no worker imports this."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#4f46e5", "#d97706", "#059669", "#dc2626", "#0891b2", "#9333ea")
INK, GRID = "#1f2937", "#e5e7eb"
SIZE = (6.4, 4.8)
_RC: Any = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "faceverify",  # the same plot gives the same bytes
}


def style() -> Any:
    """Return the context in which a figure is drawn and saved."""
    return mpl.rc_context(_RC)


def dress(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Give axes their title, the names of what they show, and a quiet grid."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, loc="left", fontweight="bold", pad=12)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save(figure: Figure, out: Path) -> list[Path]:
    """Write a figure as PNG and SVG, the same bytes every time, and return both files.

    Args:
        figure: Drawn.
        out: Where to write, without suffix.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    png, svg = (out.with_name(f"{out.name}.{kind}") for kind in ("png", "svg"))
    figure.savefig(png, dpi=160)
    figure.savefig(svg, metadata={"Date": None})
    return [png, svg]
