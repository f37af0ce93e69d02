"""Times verifications on the running site before a training run and during it.

Starts the site as `make run` does, on a folder of its own, and has it learn from some of the people of a folder of
aligned faces.
"""

import argparse
import shutil
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from benchmarks import site
from benchmarks.caller import Caller, enrolled
from benchmarks.catalogue import Figures
from benchmarks.report import markdown
from benchmarks.research_data import TRAIN, required
from ml.evaluation import plot_style
from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait

if TYPE_CHECKING:
    from enrollment.models import TrainingRun

JUDGED_ON = 60
TARGET_FMR = "0.01"  # what 60 people can show
BEFORE = "before"
INTERVAL_SECONDS = 0.2


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=TRAIN, help="folder of aligned faces by person")
    parser.add_argument("--people", type=int, default=600, help="to learn from")
    parser.add_argument("--rounds", type=int, default=100, help="verifications before the run")


def measure(options: argparse.Namespace) -> Figures:
    required(options.data)
    with site.running(FACE_TARGET_FMR=TARGET_FMR) as stack, enrolled(stack.url, 1) as (caller,):
        import_people(stack, options.data, options.people)
        site.know(stack)
        times = times_by_phase(stack, caller, options.rounds)
    medians = {phase: round(statistics.median(some), 1) for phase, some in times.items()}
    before = medians.pop(BEFORE)
    during = statistics.median([took for phase in medians for took in times[phase]])
    return {
        "before_ms": before,
        "during_ms": round(during, 1),
        "ratio": round(during / before, 2),
        "phases_ms": medians,
    }


def import_people(stack: Stack, data: Path, count: int) -> None:
    """A set to judge on and one to learn from, of different people."""
    people = sorted(path for path in data.iterdir() if path.is_dir())[: JUDGED_ON + count]
    for purpose, some in {"evaluation": people[:JUDGED_ON], "training": people[JUDGED_ON:]}.items():
        folder = stack.folder / purpose
        for person in some:
            shutil.copytree(person, folder / person.name)
        stack.manage(f"import_{purpose}_set", str(folder), "--aligned")


def request_run(stack: Stack, *, epochs: int) -> "TrainingRun":
    """Asks for a run that learns from the set alone."""
    from enrollment.models import TrainingRun

    stack.manage("request_training", "--training-set", "training", "--without-site", "--epochs", str(epochs))
    return TrainingRun.objects.latest("pk")


def times_by_phase(stack: Stack, caller: Caller, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each verification, by the phase of the run that went on meanwhile."""
    picture = jpeg(portrait())
    times: dict[str, list[float]] = defaultdict(list)
    caller.verify(picture)  # warm
    for _ in range(rounds):
        times[BEFORE].append(caller.verify(picture))
        time.sleep(INTERVAL_SECONDS)
    run = request_run(stack, epochs=1)
    while run.state in run.OPEN:
        times[run.phase or run.state].append(caller.verify(picture))
        time.sleep(INTERVAL_SECONDS)
        run.refresh_from_db()
    if run.failure:
        raise SystemExit(f"The run failed: {run.failure} {run.failure_detail}")
    return times


def table(figures: Figures) -> str:
    rows = {"before the run": figures["before_ms"], **figures["phases_ms"], "whole run": figures["during_ms"]}
    return markdown(
        ["phase", "median ms of a verification", "ratio"],
        [[phase, took, f"{took / figures['before_ms']:.2f}"] for phase, took in rows.items()],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    phases = {"before": figures["before_ms"], **figures["phases_ms"]}
    axes.bar(list(phases), list(phases.values()), width=0.5, color=plot_style.COLOURS[0])
    plot_style.dress(
        axes, title="Verifying beside a training run", x="phase of the run", y="median, milliseconds"
    )
