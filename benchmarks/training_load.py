"""Times verifications on the running site before a training run and during it.

    .venv/bin/python benchmarks/training_load.py --data ../shared/data/train

DIR holds aligned faces by person. Starts the site as `make run` does, on a folder of its own, and has it learn from
some of the people. Prints the times by phase of the run and, last, one JSON object.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from verify import Caller, form_of

from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait

JUDGED_ON = 60
BEFORE = "before"
INTERVAL_SECONDS = 0.2


def import_people(stack: Stack, data: Path, count: int) -> None:
    """A set to judge on and one to learn from, of different people."""
    people = sorted(path for path in data.iterdir() if path.is_dir())[: JUDGED_ON + count]
    for purpose, some in {"evaluation": people[:JUDGED_ON], "training": people[JUDGED_ON:]}.items():
        folder = stack.folder / purpose
        for person in some:
            shutil.copytree(person, folder / person.name)
        stack.manage(f"import_{purpose}_set", str(folder), "--aligned")


def measure(stack: Stack, caller: Caller, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each verification, by the phase of the run that went on meanwhile."""
    from enrollment.models import TrainingRun

    form, kind = form_of(jpeg(portrait()))
    times: dict[str, list[float]] = defaultdict(list)
    caller.verify(form, kind)  # warm
    for _ in range(rounds):
        times[BEFORE].append(caller.verify(form, kind))
        time.sleep(INTERVAL_SECONDS)
    stack.manage("request_training", "--training-set", "training", "--without-site", "--epochs", "1")
    run = TrainingRun.objects.latest("pk")
    while run.state in TrainingRun.OPEN:
        times[run.phase].append(caller.verify(form, kind))
        time.sleep(INTERVAL_SECONDS)
        run.refresh_from_db()
    if run.failure:
        raise SystemExit(f"The run failed: {run.failure} {run.failure_detail}")
    return times


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--people", type=int, default=600, help="to learn from")
    parser.add_argument("--rounds", type=int, default=100, help="verifications before the run")
    args = parser.parse_args()
    stack = Stack()
    stack.environment |= {"FACE_TARGET_FMR": "0.01", "LOG_LEVEL": "WARNING"}  # what 60 people can show
    try:
        stack.up()
        import_people(stack, args.data, args.people)
        os.environ.update(stack.environment)
        import django

        django.setup()
        times = measure(stack, Caller(stack.url), args.rounds)
    finally:
        stack.down()
    before = statistics.median(times.pop(BEFORE))
    during = statistics.median([took for some in times.values() for took in some])
    for phase, some in times.items():
        print(f"{phase:>12}  {len(some):4d} verifications, median {statistics.median(some):6.1f} ms")
    figures = {
        "before_ms": round(before, 1),
        "during_ms": round(during, 1),
        "ratio": round(during / before, 2),
    }
    print(json.dumps({"training_load": figures}))


if __name__ == "__main__":
    main()
