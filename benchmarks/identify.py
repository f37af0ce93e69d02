"""Times exact search among many templates: who of n people does a probe resemble most?

The templates are random: an exact search takes the same time whatever they are. It takes all cores, or as many as
OPENBLAS_NUM_THREADS says.
"""

import argparse
import os
import statistics
import time

import numpy as np
from matplotlib.figure import Figure

from benchmarks.catalogue import Figures
from benchmarks.report import markdown
from ml.evaluation import plot_style
from ml.serving.gallery import Gallery

SIZE = 192
PROBES = 15


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])


def measure(options: argparse.Namespace) -> Figures:
    threads = int(os.environ.get("OPENBLAS_NUM_THREADS", os.cpu_count() or 1))
    people = {str(size): times_of(size) for size in options.sizes}
    return {"dimensions": SIZE, "threads": threads, "people": people}


def times_of(people: int) -> dict[str, float]:
    """Milliseconds of a search among so many people (median, slowest), and the gallery's size in MB."""
    random = np.random.default_rng(0)
    templates = random.standard_normal((people, SIZE), dtype=np.float32)
    templates /= np.sqrt(np.einsum("nd,nd->n", templates, templates))[:, None]
    gallery = Gallery(np.arange(people), templates)
    probes = random.standard_normal((PROBES, SIZE), dtype=np.float32)
    gallery.nearest(probes[0], count=5)
    times = []
    for probe in probes:
        start = time.perf_counter()
        gallery.nearest(probe, count=5)
        times.append(1e3 * (time.perf_counter() - start))
    memory = (gallery.templates.nbytes + gallery.subjects.nbytes) / 1e6
    return {
        "median_ms": round(statistics.median(times), 3),
        "max_ms": round(max(times), 3),
        "memory_mb": round(memory, 1),
    }


def table(figures: Figures) -> str:
    return markdown(
        ["people", "median ms", "slowest ms", "memory MB"],
        [
            [f"{int(people):,}", f"{some['median_ms']:.2f}", f"{some['max_ms']:.2f}", some["memory_mb"]]
            for people, some in figures["people"].items()
        ],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    people = [int(size) for size in figures["people"]]
    for colour, key in zip(plot_style.COLOURS, ("median_ms", "max_ms"), strict=False):
        axes.plot(people, [some[key] for some in figures["people"].values()], "o-", color=colour, label=key)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend(["median", "slowest"], frameon=False)
    plot_style.dress(axes, title="Search among enrolled people", x="people", y="milliseconds")
