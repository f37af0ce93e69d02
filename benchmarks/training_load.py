"""Times verifications on the running site before a training run and during it.

    make run                                        # in another terminal
    .venv/bin/python manage.py import_evaluation_set DIR
    .venv/bin/python manage.py import_training_set DIR
    .venv/bin/python benchmarks/training_load.py --images DIR --training-set NAME

Runs beside the site, with its settings. Prints the times by phase of the run and, last, one JSON object.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

from verify_end_to_end import PROBES, Visitor, enroll, picture, verify

ROOT = Path(__file__).resolve().parent.parent
BEFORE = "before"


def measure(visitor: Visitor, probes: list[bytes], args: argparse.Namespace) -> dict[str, list[float]]:
    """Milliseconds of each verification, by the phase of the run that went on meanwhile."""
    from django.core.management import call_command

    from enrollment.models import TrainingRun

    times: dict[str, list[float]] = defaultdict(list)
    for number in range(args.rounds):
        times[BEFORE].append(verify_one(visitor, probes, number, args.interval))
    call_command("request_training", training_set=args.training_set, without_site=True, epochs=args.epochs)
    run = TrainingRun.objects.latest("pk")
    while run.state in TrainingRun.OPEN:
        took = verify_one(visitor, probes, len(times[run.phase]), args.interval)
        times[run.phase or run.state].append(took)
        run.refresh_from_db()
    print(f"{run}: {run.state} {run.failure_detail}")
    return times


def verify_one(visitor: Visitor, probes: list[bytes], number: int, interval: float) -> float:
    milliseconds, state = verify(visitor, probes[number % len(probes)])
    if state != "succeeded":
        raise SystemExit(f"A rightful person was answered {state}.")
    time.sleep(interval)
    return milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--images", type=Path, required=True, help="folder with pictures of one person")
    parser.add_argument("--training-set", required=True)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=100, help="verifications before the run")
    parser.add_argument("--interval", type=float, default=0.2, help="seconds between two verifications")
    args = parser.parse_args()

    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "faceverify_site.settings")
    import django

    django.setup()
    pictures = [picture(path) for path in sorted(args.images.glob("*.jpg"))]
    visitor = Visitor(args.url)
    enroll(visitor, pictures[:-PROBES])
    visitor.open("/verify/")
    times = measure(visitor, pictures[-PROBES:], args)
    before = statistics.median(times[BEFORE])
    during = [took for phase, some in times.items() if phase != BEFORE for took in some]
    for phase, some in times.items():
        print(f"{phase:>12}  {len(some):4d} verifications, median {statistics.median(some):6.1f} ms")
    ratio = statistics.median(during) / before
    print(
        json.dumps(
            {
                "before_ms": round(before, 1),
                "during_ms": round(statistics.median(during), 1),
                "ratio": round(ratio, 2),
                "verifications": {phase: len(some) for phase, some in times.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
