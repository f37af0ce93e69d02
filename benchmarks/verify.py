"""Times verifications on the running site, from POST of a picture to the decision, at several numbers of callers.

Starts the site as `make run` does, on a folder of its own. Each caller has an account and verifies again and again:
send a 640-pixel JPEG, wait for the decision. The callers' own work is on the same cores.
`best_per_second` is the highest throughput seen; `stages_ms` is what the site's metrics tell of one caller's part.
"""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from matplotlib.figure import Figure

from benchmarks import stages
from benchmarks.caller import Caller, enrolled
from benchmarks.catalogue import Figures
from benchmarks.report import markdown
from benchmarks.site import running
from benchmarks.spread import spread
from ml.evaluation import plot_style
from tests.faces import jpeg, portrait

WARM_SECONDS = 2.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 4, 8, 32])
    parser.add_argument("--seconds", type=float, default=20, help="at each number of callers")
    parser.add_argument(
        "--apart", action="store_true", help="open each session by a request of its own, as a sign-in does"
    )


def measure(options: argparse.Namespace) -> Figures:
    figures: Figures = {}
    with running() as stack, enrolled(stack.url, max(options.callers)) as callers:
        verify = Caller.verify_apart if options.apart else Caller.verify
        times_of(callers[:1], min(WARM_SECONDS, options.seconds), verify)
        for count in options.callers:
            before, start = stages.totals(stack.url), time.monotonic()
            times = times_of(callers[:count], options.seconds, verify)
            figures[str(count)] = summary(times, time.monotonic() - start)
            if count == options.callers[0]:
                between = stages.means_between(before, stages.totals(stack.url), runs=len(times))
    best = max(some["per_second"] for some in figures.values())
    return figures | {"best_per_second": best, "stages_ms": between}


def times_of(
    callers: list[Caller], seconds: float, verify: Callable[[Caller, bytes], float] = Caller.verify
) -> list[float]:
    """Milliseconds of each verification, all callers together."""
    picture = jpeg(portrait())
    end = time.monotonic() + seconds

    def go_on(caller: Caller) -> list[float]:
        times = []
        while time.monotonic() < end:
            times.append(verify(caller, picture))
        return times

    with ThreadPoolExecutor(len(callers)) as pool:
        # A caller who was refused ends the benchmark: fewer than asked for would be quicker.
        return [took for times in pool.map(go_on, callers) for took in times]


def summary(times: list[float], seconds: float) -> dict[str, float]:
    parts = {f"{part}_ms": took for part, took in spread(times).items() if part != "max"}
    return parts | {"per_second": round(len(times) / seconds, 1)}


def by_callers(figures: Figures) -> dict[int, dict[str, float]]:
    return {int(key): value for key, value in figures.items() if key.isdigit()}


def table(figures: Figures) -> str:
    main = markdown(
        ["callers", "median", "p95", "p99", "a second"],
        [
            [count, *(f"{some[key]:.1f} ms" for key in ("median_ms", "p95_ms", "p99_ms")), some["per_second"]]
            for count, some in by_callers(figures).items()
        ],
    )
    parts = markdown(["part, mean of one caller", "ms"], figures["stages_ms"].items())
    return f"{main}\n\n{parts}"


def draw(figures: Figures, figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    found = by_callers(figures)
    for colour, key in zip(plot_style.COLOURS, ("median_ms", "p95_ms", "p99_ms"), strict=False):
        left.plot(list(found), [some[key] for some in found.values()], "o-", color=colour, label=key[:-3])
    right.plot(
        list(found), [some["per_second"] for some in found.values()], "o-", color=plot_style.COLOURS[0]
    )
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(found), [str(count) for count in found])
        axes.set_ylim(bottom=0)
    left.legend(frameon=False)
    plot_style.dress(left, title="POST to decision", x="callers", y="milliseconds")
    plot_style.dress(right, title="Throughput", x="callers", y="verifications a second")
