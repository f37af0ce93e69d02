"""Times exact search among many templates: who of n people does a probe resemble most?

First the search by itself, one product of a matrix and a vector. Then what a worker does, on a site with so many
people, three anchors each, in its database: see `benchmarks/searches.py`. The templates are random: an exact search
takes the same time whatever they are. It takes all cores, or as many as OPENBLAS_NUM_THREADS says.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np
from matplotlib.figure import Figure

from benchmarks import site
from benchmarks.catalogue import Figures
from benchmarks.people import enroll_templates
from benchmarks.report import ROOT, markdown
from ml.evaluation import plot_style
from ml.serving.gallery import Gallery

SIZE = 192
PROBES = 15
WHOLE = {
    "median_ms": "median ms",
    "by_key_median_ms": "by a service key, ms",
    "after_change_ms": "after somebody came, ms",
    "load_seconds": "first search, s",
    "memory_mb": "memory MB",
    "most_memory_mb": "at most, MB",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument(
        "--enrolled", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="people in the database"
    )


def measure(options: argparse.Namespace) -> Figures:
    threads = int(os.environ.get("OPENBLAS_NUM_THREADS", os.cpu_count() or 1))
    people = {str(size): times_of(size) for size in options.sizes}
    enrolled = searches_of(sorted(options.enrolled)) if options.enrolled else {}
    return {"dimensions": SIZE, "threads": threads, "people": people, "enrolled": enrolled}


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


def searches_of(sizes: list[int]) -> dict[str, dict[str, float]]:
    """What a fresh worker takes, by how many people are enrolled."""
    found = {}
    with site.within():
        from django.db import connection

        from enrollment.models import Subject
        from enrollment.selectors import active_model_version

        for size in sizes:
            enroll_templates(size - Subject.objects.count(), active_model_version(), size=SIZE)
            # The nightly purge has SQLite look at its tables' sizes; PostgreSQL looks by itself.
            connection.cursor().execute("ANALYZE")
            command = [sys.executable, "-m", "benchmarks.searches"]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            found[str(size)] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(figures: Figures) -> str:
    alone = markdown(
        ["people", "median ms", "slowest ms", "memory MB"],
        [
            [f"{int(people):,}", f"{some['median_ms']:.2f}", f"{some['max_ms']:.2f}", some["memory_mb"]]
            for people, some in figures["people"].items()
        ],
    )
    if not figures["enrolled"]:
        return alone
    whole = markdown(
        ["enrolled people", *WHOLE.values()],
        [[f"{int(people):,}", *(some[key] for key in WHOLE)] for people, some in figures["enrolled"].items()],
    )
    return f"{alone}\n\n{whole}"


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    lines = {"the product alone, median": ("people", "median_ms"), "slowest": ("people", "max_ms")}
    lines |= {"in a worker, median": ("enrolled", "median_ms")} if figures["enrolled"] else {}
    for colour, (label, (part, key)) in zip(plot_style.COLOURS, lines.items(), strict=False):
        sizes = [int(size) for size in figures[part]]
        axes.plot(sizes, [some[key] for some in figures[part].values()], "o-", color=colour, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend(frameon=False)
    plot_style.dress(axes, title="Search among enrolled people", x="people", y="milliseconds")
