"""Times the start of the `biometric` worker and of the web process, and the first answer after it.

Starts the site as `make run` does, and stops and starts the worker again and again. `ready_seconds` goes from the
worker's start to the decision about a picture that waited for it; `first_answer_ms` is the first verification after
the worker told that it is ready (as `/readyz` hears of it), to be held against the median of one that has long been up.
"""

import argparse
import statistics
import time

from matplotlib.figure import Figure

from benchmarks import site
from benchmarks.caller import Caller, enrolled
from benchmarks.catalogue import Figures
from benchmarks.report import markdown
from ml.evaluation import plot_style
from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait

LONGEST_SECONDS = 60


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--restarts", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=100, help="warm verifications")


def measure(options: argparse.Namespace) -> Figures:
    with site.running() as stack, enrolled(stack.url, 1) as (caller,):
        site.know(stack)
        picture = jpeg(portrait())
        warm = [caller.verify(picture) for _ in range(options.rounds)]
        ready = [seconds_to_decision(stack, caller, picture) for _ in range(options.restarts)]
        first = [first_answer(stack, caller, picture) for _ in range(options.restarts)]
        web = [seconds_to_page(stack) for _ in range(options.restarts)]
    median = statistics.median(warm)
    return {
        "ready_seconds": round(statistics.median(ready), 2),
        "slowest_ready_seconds": round(max(ready), 2),
        "first_answer_ms": round(statistics.median(first), 1),
        "slowest_first_answer_ms": round(max(first), 1),
        "warm_median_ms": round(median, 1),
        "ratio": round(statistics.median(first) / median, 2),
        "web_ready_seconds": round(statistics.median(web), 2),
    }


def seconds_to_decision(stack: Stack, caller: Caller, picture: bytes) -> float:
    """From the worker's start until it has decided about a picture that waits."""
    session = caller.begin()
    stack.stop("biometric")
    stack.start("biometric")
    return caller.show(session, picture) / 1e3


def first_answer(stack: Stack, caller: Caller, picture: bytes) -> float:
    """Milliseconds of the first verification of a worker that has just told that it is ready."""
    from django.utils import timezone

    from enrollment.models import Heartbeat
    from enrollment.tasks import worker_heartbeat

    stack.stop("biometric")
    told, deadline = timezone.now(), time.monotonic() + LONGEST_SECONDS
    stack.start("biometric")
    worker_heartbeat.apply_async(("biometric",), queue="biometric")
    while not Heartbeat.objects.filter(pk="biometric", at__gt=told).exists():
        if time.monotonic() > deadline:
            raise SystemExit("The worker gives no sign of life.")
        time.sleep(0.02)
    return caller.verify(picture)


def seconds_to_page(stack: Stack) -> float:
    """From the web process's start to its first page."""
    stack.stop("web")
    start = time.perf_counter()
    stack.start("web")
    stack.wait_for_web()
    return time.perf_counter() - start


def table(figures: Figures) -> str:
    return markdown(
        ["", "median", "slowest"],
        [
            [
                "worker: start to first decision",
                f"{figures['ready_seconds']} s",
                f"{figures['slowest_ready_seconds']} s",
            ],
            [
                "first answer after a restart",
                f"{figures['first_answer_ms']} ms",
                f"{figures['slowest_first_answer_ms']} ms",
            ],
            ["an answer of a warm worker", f"{figures['warm_median_ms']} ms", ""],
            ["web: start to first page", f"{figures['web_ready_seconds']} s", ""],
        ],
    )


def draw(figures: Figures, figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    left.bar(
        ["worker", "web"],
        [figures["ready_seconds"], figures["web_ready_seconds"]],
        width=0.5,
        color=plot_style.COLOURS[0],
    )
    right.bar(
        ["first", "warm"],
        [figures["first_answer_ms"], figures["warm_median_ms"]],
        width=0.5,
        color=plot_style.COLOURS[:2],
    )
    plot_style.dress(left, title="Start", x="process", y="seconds to ready")
    plot_style.dress(right, title="After a restart", x="answer", y="median, milliseconds")
