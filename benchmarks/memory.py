"""Watches the memory of the site's processes while people verify for half an hour.

Starts the site as `make run` does. Several callers verify at a steady rate with pictures of several sizes; every ten
seconds the resident memory of the `biometric` worker and of the web processes is read, parent and children, what they
share once. The slope is the straight line of least squares through what was read after the first fifth: until then
caches fill.
"""

import argparse
import itertools
import statistics
import threading
import time

from matplotlib.figure import Figure
from PIL import Image

from benchmarks import site
from benchmarks.caller import Caller, enrolled
from benchmarks.catalogue import Figures
from benchmarks.processes import family, loads, memory_mb
from benchmarks.report import markdown
from ml.evaluation import plot_style
from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait

WATCHED = ("biometric", "web")
WIDTHS = (320, 640, 1280, 1920)
FILLING = 0.2


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--every", type=float, default=10, help="seconds from one look to the next")
    parser.add_argument("--callers", type=int, default=2)
    parser.add_argument(
        "--rate", type=float, default=10, help="verifications a second, of all callers together"
    )


def measure(options: argparse.Namespace) -> Figures:
    with site.running() as stack, enrolled(stack.url, options.callers) as callers:
        load = Load(callers, options.rate / options.callers)
        load.begin()
        looks = watch(stack, load, options)
        load.end()
        pids = family(stack.processes["biometric"].pid)
        tensorflow = any(loads(pid, "tensorflow") for pid in pids)
    return {
        "minutes": options.minutes,
        "verifications": load.done,
        **{name: summary([look[0] for look in looks], [look[1][name] for look in looks]) for name in WATCHED},
        "tensorflow_loaded": tensorflow,
    }


class Load:
    """Callers who verify at a steady rate."""

    def __init__(self, callers: list[Caller], rate: float) -> None:
        self.done = 0
        self._over = threading.Event()
        self._interval = 1 / rate
        self._threads = [threading.Thread(target=self._go_on, args=(caller,)) for caller in callers]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def works(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def _go_on(self, caller: Caller) -> None:
        for picture in itertools.cycle(_pictures()):
            start = time.monotonic()
            caller.verify(picture)
            self.done += 1
            if self._over.wait(max(0.0, self._interval - (time.monotonic() - start))):
                return


def watch(stack: Stack, load: Load, options: argparse.Namespace) -> list[tuple[float, dict[str, float]]]:
    """Minutes since the first look, and megabytes of each process, at every look."""
    looks: list[tuple[float, dict[str, float]]] = []
    start = time.monotonic()
    while (passed := time.monotonic() - start) < 60 * options.minutes:
        if not load.works:
            load.end()
            raise SystemExit("A caller gave up.")
        used = {name: round(memory_mb(family(stack.processes[name].pid)), 2) for name in WATCHED}
        looks.append((round(passed / 60, 3), used))
        time.sleep(options.every)
    return looks


def summary(minutes: list[float], megabytes: list[float]) -> dict[str, object]:
    settled = int(FILLING * len(minutes))
    slope = statistics.linear_regression(minutes[settled:], megabytes[settled:]).slope
    return {
        "start_mb": megabytes[0],
        "end_mb": megabytes[-1],
        "max_mb": max(megabytes),
        "mb_per_minute": round(slope, 3),
        "read": [list(look) for look in zip(minutes, megabytes, strict=True)],
    }


def _pictures() -> list[bytes]:
    """One face, at several sizes."""
    face = portrait()
    heights = [round(width * face.height / face.width) for width in WIDTHS]
    return [jpeg(face.resize(size, Image.Resampling.BICUBIC)) for size in zip(WIDTHS, heights, strict=True)]


def table(figures: Figures) -> str:
    keys = ("start_mb", "end_mb", "max_mb", "mb_per_minute")
    return markdown(
        ["process", "MB at first", "at last", "at most", "MB a minute"],
        [[name, *(figures[name][key] for key in keys)] for name in WATCHED],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    for colour, name in zip(plot_style.COLOURS, WATCHED, strict=False):
        axes.plot(*zip(*figures[name]["read"], strict=True), color=colour, label=name)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    title = f"Memory during {figures['verifications']:,} verifications"
    plot_style.dress(axes, title=title, x="minutes", y="megabytes")
