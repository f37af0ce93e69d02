"""Breaks the running site in every way on the list while people use it, and counts what went wrong for them.

    make faults                         # all of them
    python -m tests.faults --only broker_killed

Starts a site of its own, on PostgreSQL where that is installed. Exits 0 only when every fault could be tried (or
`--allow-skipped`), people used the site through each, every invariant held, and the site came back within ten seconds
of each fault's end by itself. Prints a table and, last, one JSON object.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.e2e.stack import ROOT, Stack
from tests.faces import LFW
from tests.faults.breakages import Site
from tests.faults.crowd import OWNERS, Crowd
from tests.faults.disk import mounted, unmounted
from tests.faults.faults import FAULTS, Fault
from tests.faults.network import network
from tests.faults.postgres import Postgres, programs
from tests.faults.world import SETTINGS, furnished

RECOVERY_SECONDS = 10.0
# Lost work is taken up again by sweeps; a session runs out after 90 s.
SETTLE_SECONDS = 120.0
NO_FACES = "needs ../shared/data"
STEPS = int(os.environ.get("STEPS", "5000"))


@contextmanager
def running_site() -> Iterator[Site]:
    """The whole site on a database, a broker, a model and, where that is permitted, disks and a network of its own."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    found, hosts = programs(), network()
    postgres = Postgres(found, hosts) if found else None
    stack = Stack()
    disks = {stack.folder: "1500m", stack.folder / "faces": "64m"}
    has_disks = all(mounted(folder, size) for folder, size in disks.items())
    try:
        stack.log = (stack.folder / "log").open("wb")
        stack.environment |= SETTINGS
        if postgres:
            stack.environment["DATABASE_URL"] = postgres.url
        model = stack.folder / "model"
        shutil.copytree(ROOT / "ml" / "artifacts" / "mobilefacenet-base-1", model)
        stack.environment["FACE_MODEL"] = str(model)
        stack.up()
        yield Site(stack, postgres, next(model.glob("*.tflite")), has_disks, hosts)
    finally:
        stack.down()
        for folder in reversed(disks):
            unmounted(folder)
        shutil.rmtree(stack.folder, ignore_errors=True)
        if hosts:
            hosts.close()
        if postgres:
            postgres.close()


def connect(stack: Stack) -> None:
    """Lets this process ask the site's database."""
    os.environ.update(stack.environment | {"LOG_LEVEL": "ERROR"})
    import django

    django.setup()


def settle(check: Callable[[], dict[str, int]]) -> dict[str, int]:
    """The broken invariants once all that was accepted had its time."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while any((counts := check()).values()) and time.monotonic() < deadline:
        time.sleep(2)
    return counts


def break_everything(site: Site, faults: list[Fault]) -> tuple[dict[str, float], Crowd]:
    """Seconds that each fault took to recover from, and who was there."""
    seconds: dict[str, float] = {}
    with Crowd(site.stack.url, site.ledger) as crowd:
        for fault in faults:
            name = fault.__name__
            site.amiss["nobody_there"] += len(crowd.idle())
            try:
                fault(site)
            except Exception as error:  # the other faults are tried all the same
                print(f"{name:22} {error!r}", flush=True)
                crowd.errors.append(error)
            if name in site.skipped:
                print(f"{name:22} skipped: {site.skipped[name]}", flush=True)
                continue
            seconds[name] = round(crowd.watcher.seconds_until_recognised(), 1)
            print(f"{name:22} back after {seconds[name]:5.1f} s", flush=True)
        site.amiss["nobody_there"] += len(crowd.idle())
    return seconds, crowd


def look_at_load(site: Site, tried: int) -> None:
    """Faults that nobody met prove nothing: as many strangers as faults were compared, with every owner in turn."""
    from tests.faults.invariants import strangers_compared

    if not LFW.is_dir():
        site.skipped["strangers"] = NO_FACES
        return
    compared, owners = strangers_compared(site.ledger)
    site.amiss["strangers_missing"] += max(0, tried - compared)
    site.amiss["owners_not_tried_on"] += max(0, min(tried, OWNERS) - owners)


def move_at_random(site: Site, steps: int, first_seed: int) -> dict[str, object]:
    """The state machine's steps, and what broke, if anything did."""
    if not LFW.is_dir():
        site.skipped["state_machine"] = NO_FACES
        print(f"state machine          skipped: {NO_FACES}")
        return {}
    from tests.faults.machine import run

    began = time.monotonic()
    with furnished(site.stack, steps) as world:
        run(world, first_seed)
    took = time.monotonic() - began
    print(
        f"state machine          {world.steps} steps in {took:.0f} s, {'broken' if world.error else 'held'}"
    )
    for name, count in sorted(world.outcomes.items()):
        print(f"  {name:32} {count}")
    if world.error:
        print(f"  {world.error!r} after {', '.join(world.trace)}")
    broken = repr(world.error) if world.error else ""
    return {"steps": world.steps, "seconds": round(took), "broken": broken, "outcomes": world.outcomes}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = [fault.__name__ for fault in FAULTS]
    parser.add_argument("--only", nargs="+", default=[], choices=[*known, "none"], metavar="FAULT")
    parser.add_argument(
        "--allow-skipped", action="store_true", help="exit 0 though something could not be tried"
    )
    parser.add_argument(
        "--steps", type=int, help="of the state machine; 5000, and none with --only, unless said"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the state machine's first steps")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    steps = (0 if args.only else STEPS) if args.steps is None else args.steps
    with running_site() as site:
        connect(site.stack)
        from tests.faults.invariants import counted

        chosen = [fault for fault in FAULTS if not args.only or fault.__name__ in args.only]
        seconds, crowd = break_everything(site, chosen)
        counts = settle(lambda: counted(site.ledger))
        look_at_load(site, len(seconds))
        moved = move_at_random(site, steps, args.seed) if steps else {}
    counts |= site.amiss
    for table in (counts, site.ledger.outcomes):
        for name, count in sorted(table.items()):
            print(f"  {name:32} {count}")
    result = {"recovery_seconds": seconds, "skipped": site.skipped, "invariants": counts}
    print(json.dumps(result | {"outcomes": site.ledger.outcomes, "state_machine": moved}), flush=True)
    crowd.raise_errors()
    slow = [name for name, took in seconds.items() if took > RECOVERY_SECONDS]
    untried = site.skipped and not args.allow_skipped
    return int(bool(slow or untried or moved.get("broken")) or any(counts.values()))


if __name__ == "__main__":
    sys.exit(main())
