"""Which benchmarks there are."""

import argparse
from importlib import import_module
from typing import Any, Protocol, cast

from matplotlib.figure import Figure

Figures = dict[str, Any]
QUICK_MINUTES = 5

# Name of the file, and about how many minutes it takes.
BENCHMARKS = {
    "pipeline": 1,
    "verify": 3,
    "cold": 1,
    "identify": 5,
    "reembed": 1,
    "training_step": 2,
    "answer_times": 2,
    "overload": 3,
    "busy": 3,
    "promotion_load": 3,
    "training_load": 4,
    "memory": 31,
    "peers": 10,
}


class Benchmark(Protocol):
    """What each file has; the first line of its docstring says what it does."""

    __doc__: str | None

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds options, all of which have a default."""

    def measure(self, options: argparse.Namespace) -> Figures:
        """Does the work. What it returns is the JSON."""

    def table(self, figures: Figures) -> str:
        """The figures in Markdown."""

    def draw(self, figures: Figures, figure: Figure) -> None:
        """The figures as a plot."""


def load(name: str) -> Benchmark:
    return cast(Benchmark, import_module(f"benchmarks.{name}"))
