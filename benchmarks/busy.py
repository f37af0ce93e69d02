"""Times verifications for a minute while everything else that a site does goes on beside them.

Starts the site as `make run` does. Eight callers verify without a pause, first with nothing beside them. Then a
training run begins, and from the moment it learns they verify for a minute more, while people sign up and enroll three
pictures each, one after the other, and somebody opens ordinary pages four times a second. All on the same cores.
"""

import argparse
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from benchmarks import site
from benchmarks.caller import enrolled
from benchmarks.catalogue import Figures
from benchmarks.overload import open_pages
from benchmarks.processes import family
from benchmarks.report import markdown
from benchmarks.research_data import TRAIN, required
from benchmarks.spread import spread
from benchmarks.training_load import TARGET_FMR, import_people, request_run
from benchmarks.verify import WARM_SECONDS, times_of
from ml.evaluation import plot_style
from tests.e2e.stack import Stack
from tests.faults.visitor import Ledger, Visitor

if TYPE_CHECKING:
    from enrollment.models import TrainingRun

EPOCHS = 50  # more than it gets through meanwhile
LONGEST_SECONDS = 300
KINDS = {
    "alone_ms": "verification, nothing beside it",
    "busy_ms": "verification, everything beside it",
    "pages_ms": "ordinary page meanwhile",
    "enrollments_ms": "signing up, three pictures, usable face",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60, help="with everything else going on")
    parser.add_argument("--alone", type=float, default=20, help="seconds with nothing else going on")
    parser.add_argument(
        "--every", type=float, default=3, help="seconds from one person who enrolls to the next"
    )
    parser.add_argument("--data", type=Path, default=TRAIN, help="folder of aligned faces by person")
    parser.add_argument("--people", type=int, default=600, help="to learn from")


def measure(options: argparse.Namespace) -> Figures:
    required(options.data)
    with site.running(FACE_TARGET_FMR=TARGET_FMR) as stack, enrolled(stack.url, options.callers) as callers:
        import_people(stack, options.data, options.people)
        site.know(stack)
        times_of(callers, min(WARM_SECONDS, options.alone))
        alone = times_of(callers, options.alone)
        with learning(stack), ThreadPoolExecutor(2) as pool:
            pages = pool.submit(open_pages, stack.url, options.seconds)
            enrollments = pool.submit(enroll_people, stack.url, options.seconds, options.every)
            busy = times_of(callers, options.seconds)
    return {
        "callers": options.callers,
        "seconds": options.seconds,
        "alone_ms": spread(alone),
        "busy_ms": spread(busy),
        "pages_ms": spread(pages.result()),
        "enrollments_ms": spread(enrollments.result()),
        "per_second": {
            "alone": round(len(alone) / options.alone, 1),
            "busy": round(len(busy) / options.seconds, 1),
        },
        "enrolled": len(enrollments.result()),
    }


@contextmanager
def learning(stack: Stack) -> Iterator[None]:
    """A training run that learns the whole time, and is cut off after it."""
    try:
        run = request_run(stack, epochs=EPOCHS)
        wait_until_it_learns(run)
        yield
        run.refresh_from_db()
        if run.state not in run.OPEN:
            raise SystemExit(f"The training was over too early ({run.state}): take more --people.")
    finally:
        # Asked to stop, the worker would first end its run.
        for child in family(stack.processes["training"].pid)[1:]:
            os.kill(child, signal.SIGKILL)
        stack.stop("training", signal.SIGKILL)


def wait_until_it_learns(run: "TrainingRun") -> None:
    """Faces are collected and TensorFlow is loaded before that."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while run.phase != run.Phase.TRAIN:
        if run.state not in run.OPEN or time.monotonic() > deadline:
            raise SystemExit(f"The run does not learn: {run.state} {run.failure} {run.failure_detail}")
        time.sleep(0.2)
        run.refresh_from_db()


def enroll_people(url: str, seconds: float, every: float) -> list[float]:
    """Milliseconds from the page for signing up to a face that can be verified, of each who came."""
    times: list[float] = []
    end = time.monotonic() + seconds
    while (start := time.monotonic()) < end:
        visitor = Visitor(url, Ledger(), address=f"127.0.2.{len(times) % 250 + 1}")
        with visitor.http:
            visitor.enroll()
        took = time.monotonic() - start
        times.append(1e3 * took)
        time.sleep(max(0.0, every - took))
    return times


def table(figures: Figures) -> str:
    times = markdown(
        ["what", "median ms", "p95 ms", "p99 ms", "slowest ms"],
        [[words, *figures[kind].values()] for kind, words in KINDS.items() if figures[kind]],
    )
    rows = [
        ["callers", figures["callers"]],
        ["seconds", f"{figures['seconds']:g}"],
        ["verifications a second, nothing beside them", figures["per_second"]["alone"]],
        ["verifications a second, everything beside them", figures["per_second"]["busy"]],
        ["people who enrolled meanwhile", figures["enrolled"]],
    ]
    return f"{times}\n\n{markdown(['', ''], rows)}"


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    parts = ("median", "p95", "p99", "max")
    for place, kind in enumerate(("alone_ms", "busy_ms")):
        across = [number + 0.36 * (place - 0.5) for number in range(len(parts))]
        heights = [figures[kind][part] for part in parts]
        axes.bar(across, heights, 0.32, color=plot_style.COLOURS[place], label=KINDS[kind])
    axes.set_xticks(range(len(parts)), ["median", "p95", "p99", "slowest"])
    axes.legend(frameon=False)
    title = f"Verifying beside everything else, {figures['callers']} callers"
    plot_style.dress(axes, title=title, x="", y="milliseconds")
