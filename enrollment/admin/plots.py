"""Plots for the admin: numbers to the coordinates of an inline SVG. Drawn by `admin/enrollment/plot.html`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 560.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 24.0, 24.0, 40.0
# Told apart by hue and by dash, so that the plots can be read without seeing colours.
STYLES = (("#1b6f65", ""), ("#b45309", "6 3"), ("#4f46e5", "2 3"), ("#9f1239", "8 2 2 2"))
Scale = Callable[[float], float]


@dataclass(frozen=True)
class Line:
    name: str
    points: str
    colour: str
    dash: str
    filled: bool = False


@dataclass(frozen=True)
class Mark:
    """A tick of an axis or a vertical line, at a place in pixels."""

    place: float
    label: str
    colour: str = ""
    dash: str = ""


@dataclass
class Plot:
    """One plot; series are added in the order of their styles."""

    title: str
    x_label: str
    y_label: str
    x: Scale
    y: Scale
    x_ticks: list[Mark]
    y_ticks: list[Mark]
    lines: list[Line] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def add(self, name: str, points: Sequence[tuple[float, float]], *, filled: bool = False) -> None:
        """Adds a series; one point alone becomes a short stroke."""
        colour, dash = STYLES[len(self.lines) % len(STYLES)]
        places = [(self.x(x), self.y(y)) for x, y in points]
        if len(places) == 1:
            places.append((places[0][0] + 3, places[0][1]))
        if filled:
            floor = HEIGHT - BOTTOM
            places = [(places[0][0], floor), *places, (places[-1][0], floor)]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        self.lines.append(Line(name, drawn, colour, dash, filled))

    def mark(self, label: str, value: float) -> None:
        """Adds a vertical line in the colour of the latest series."""
        colour, dash = STYLES[(len(self.lines) - 1) % len(STYLES)]
        self.marks.append(Mark(self.x(value), label, colour, dash))

    def render(self) -> SafeString:
        context = {
            "plot": self,
            "width": int(WIDTH),
            "height": int(HEIGHT),
            "left": LEFT,
            "right": WIDTH - RIGHT,
            "top": TOP,
            "bottom": HEIGHT - BOTTOM,
            "middle": (LEFT + WIDTH - RIGHT) / 2,
        }
        return render_to_string("admin/enrollment/plot.html", context)


def det_plot(drawings: dict[str, Any]) -> Plot:
    """Error rates of each model against each other, both axes logarithmic. Lower is better."""
    curves = {name: [(x, max(y, 1e-4)) for x, y in part["det"] if x > 0] for name, part in drawings.items()}
    rates = [x for curve in curves.values() for x, _ in curve] or [1e-4]
    errors = [y for curve in curves.values() for _, y in curve] or [1e-4]
    x, x_ticks = _log_axis(min(rates), max(rates), across=True)
    y, y_ticks = _log_axis(min(errors), max(errors), across=False)
    labels = ("Error rates", "strangers accepted (FMR)", "rightful people refused (FNMR)")
    plot = Plot(*labels, x, y, x_ticks, y_ticks)
    for name, curve in curves.items():
        if curve:
            plot.add(name, curve)
    return plot


def scores_plot(title: str, drawing: dict[str, Any]) -> Plot:
    """Histograms of the scores of rightful people and strangers, with the threshold between them."""
    edges, mated, strangers = drawing["edges"], drawing["mated"], drawing["non_mated"]
    x, x_ticks = _axis(edges[0], edges[-1], across=True)
    y, y_ticks = _axis(0.0, max(*mated, *strangers, 1e-9), across=False, percent=True)
    plot = Plot(title, "similarity", "share of comparisons", x, y, x_ticks, y_ticks)
    plot.add("rightful people", _steps(edges, mated), filled=True)
    plot.add("strangers", _steps(edges, strangers), filled=True)
    plot.marks.append(Mark(x(drawing["threshold"]), f"threshold {drawing['threshold']:.3f}", "currentColor"))
    return plot


def training_plot(history: Sequence[dict[str, Any]]) -> Plot:
    """Loss of each epoch on what is learned from and on what is not."""
    losses = [
        value for epoch in history for value in (epoch["loss"], epoch["validation_loss"]) if value is not None
    ]
    x, x_ticks = _axis(1, max(2, len(history)), across=True, whole=True)
    y, y_ticks = _axis(0.0, max([*losses, 1e-9]), across=False)
    plot = Plot("Learning", "epoch", "loss", x, y, x_ticks, y_ticks)
    for key, name in (("loss", "learned from"), ("validation_loss", "held out")):
        points = [(epoch["epoch"], epoch[key]) for epoch in history if epoch[key] is not None]
        if points:
            plot.add(name, points)
    return plot


def margins_plot(series: dict[str, list[float]], months: Sequence[str]) -> Plot:
    """How far accepted scores lie above the threshold, by month."""
    values = [value for line in series.values() for value in line]
    x, _ = _axis(0, max(1, len(months) - 1), across=True)
    y, y_ticks = _axis(0.0, max([*values, 1e-9]), across=False)
    ticks = [Mark(x(place), month) for place, month in enumerate(months)]
    plot = Plot("Accepted sign-ins", "month", "above the threshold", x, y, ticks, y_ticks)
    for name, line in series.items():
        plot.add(name, list(enumerate(line)))
    return plot


def _steps(edges: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    return [
        (edge, value)
        for left, right, value in zip(edges, edges[1:], values, strict=False)
        for edge in (left, right)
    ]


def _axis(
    low: float, high: float, *, across: bool, percent: bool = False, whole: bool = False
) -> tuple[Scale, list[Mark]]:
    """A linear scale and about five round ticks on it."""
    span = (high - low) or 1.0
    place = _placing(across)
    step = 10 ** math.floor(math.log10(span / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 6)
    step = max(1.0, step) if whole else step
    values = [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    labels = [f"{value:.0%}" if percent and step >= 0.01 else f"{value:.4g}" for value in values]

    def scale(value: float) -> float:
        return place((value - low) / span)

    return scale, [Mark(scale(value), label) for value, label in zip(values, labels, strict=True)]


def _log_axis(low: float, high: float, *, across: bool) -> tuple[Scale, list[Mark]]:
    """A logarithmic scale of whole decades, and a tick at each."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    last = max(last, first + 1)
    place = _placing(across)

    def scale(value: float) -> float:
        return place((math.log10(value) - first) / (last - first))

    return scale, [Mark(scale(10.0**power), f"{100 * 10.0**power:.4g} %") for power in range(first, last + 1)]


def _placing(across: bool) -> Scale:
    """From a share of the axis to pixels."""
    if across:
        return lambda share: LEFT + share * (WIDTH - LEFT - RIGHT)
    return lambda share: HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
