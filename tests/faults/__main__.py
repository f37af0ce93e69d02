"""Breaks the running site in every way on the list while people use it, and counts what went wrong for them.

    make faults                         # all of them
    python -m tests.faults --only broker_killed

Starts a site of its own, on PostgreSQL where that is installed. Exits 0 only when every invariant held and the site
came back within ten seconds of each fault's end by itself. Prints a table and, last, one JSON object.
"""

import argparse
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from PIL import Image

from tests.e2e.stack import ROOT, Stack
from tests.faces import LFW, jpeg, lfw, lfw_people, portrait
from tests.faults.disk import mounted, unmounted
from tests.faults.postgres import Postgres, programs
from tests.faults.world import SETTINGS, furnished

if TYPE_CHECKING:  # these read the site's settings, which are not known before it runs
    from tests.faults.breakages import Site
    from tests.faults.faults import Fault
    from tests.faults.visitor import Ledger

RECOVERY_SECONDS = 10.0
# Lost work is taken up again by sweeps; a session runs out after 90 s.
SETTLE_SECONDS = 120.0
QUIET_SECONDS = 2.0
STEPS = int(os.environ.get("STEPS", "5000"))


@contextmanager
def running_site() -> Iterator[tuple[Stack, Postgres | None, Path, bool]]:
    """The whole site on a database, a broker, a model and, where that is permitted, disks of its own."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    found = programs()
    postgres = Postgres(found) if found else None
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
        yield stack, postgres, next(model.glob("*.tflite")), has_disks
    finally:
        stack.down()
        for folder in reversed(disks):
            unmounted(folder)
        shutil.rmtree(stack.folder, ignore_errors=True)
        if postgres:
            postgres.close()


def connect(stack: Stack) -> None:
    """Lets this process ask the site's database."""
    os.environ.update(stack.environment | {"LOG_LEVEL": "ERROR"})
    import django

    django.setup()


class Crowd:
    """Visitors who go on whatever happens."""

    def __init__(self, url: str) -> None:
        from tests.faults.visitor import Ledger, Visitor

        self.ledger = Ledger()
        self.visitors = [Visitor(url, self.ledger) for _ in range(4)]
        for visitor in self.visitors:
            visitor.enroll()
        self.stranger = lfw(lfw_people(1, images=2)[0], 1)[0] if LFW.is_dir() else b""
        self._over = threading.Event()
        jobs: list[Callable[[], None]] = [self._verify, self._give_and_take, self._try_as_stranger]
        self._threads = [threading.Thread(target=self._repeat, args=(job,)) for job in jobs]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, job: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                job()
            except httpx.HTTPStatusError as error:
                self.ledger.count(f"{job.__name__[1:]}: {error.response.status_code}")
            except httpx.TransportError:
                self.ledger.count(f"{job.__name__[1:]}: no answer")
            self._over.wait(0.2)

    def _verify(self) -> None:
        self.ledger.count(f"verify: {self.visitors[0].verify(jpeg(portrait()))}")

    def _give_and_take(self) -> None:
        """A picture more, never the same twice, and one less."""
        visitor = self.visitors[1]
        visitor.take_back(visitor.give(_altered(time.time_ns())))
        self.ledger.count("give_and_take: done")

    def _try_as_stranger(self) -> None:
        """Seldom enough not to be locked out before it is turned down by its face."""
        if self.stranger:
            self.ledger.count(f"stranger: {self.visitors[2].verify(self.stranger, stranger=True)}")
        self._over.wait(15)


def _altered(number: int) -> bytes:
    picture = portrait().copy()
    picture.putpixel((0, 0), (number % 251, number // 251 % 251, number // 63001 % 251))
    buffer = BytesIO()
    Image.Image.save(picture, buffer, "JPEG", quality=92, comment=str(number).encode())
    return buffer.getvalue()


def recovery(visitor: "object", picture: bytes) -> float:
    """Seconds until a rightful person is recognised again; gives up after a while."""
    start = time.monotonic()
    while time.monotonic() - start < 6 * RECOVERY_SECONDS:
        try:
            if visitor.verify(picture) == "succeeded":  # type: ignore[attr-defined]
                break
        except (httpx.TransportError, httpx.HTTPStatusError):
            pass
        time.sleep(0.2)
    return time.monotonic() - start


def settle(check: Callable[[], dict[str, int]]) -> dict[str, int]:
    """The broken invariants once all that was accepted had its time."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while any((counts := check()).values()) and time.monotonic() < deadline:
        time.sleep(2)
    return counts


def break_everything(site: "Site", faults: "list[Fault]") -> tuple[dict[str, float], "Ledger"]:
    """Seconds that each fault took to recover from, and what the visitors were promised."""
    seconds: dict[str, float] = {}
    with Crowd(site.stack.url) as crowd:
        for fault in faults:
            name = fault.__name__
            time.sleep(QUIET_SECONDS)
            fault(site)
            if name in site.skipped:
                print(f"{name:22} skipped: {site.skipped[name]}", flush=True)
                continue
            seconds[name] = round(recovery(crowd.visitors[3], jpeg(portrait())), 1)
            print(f"{name:22} back after {seconds[name]:5.1f} s", flush=True)
    return seconds, crowd.ledger


def move_at_random(stack: Stack, steps: int, first_seed: int) -> dict[str, object]:
    """The state machine's steps, and what broke, if anything did."""
    if not LFW.is_dir():
        print("state machine          skipped: needs ../shared/data")
        return {}
    from tests.faults.machine import run

    began = time.monotonic()
    with furnished(stack, steps) as world:
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


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=[], help="names of faults, or none")
    parser.add_argument(
        "--steps", type=int, help="of the state machine; 5000, and none with --only, unless said"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the state machine's first steps")
    args = parser.parse_args()
    steps = (0 if args.only else STEPS) if args.steps is None else args.steps
    with running_site() as (stack, postgres, model, has_disks):
        connect(stack)
        from tests.faults.breakages import Site
        from tests.faults.faults import FAULTS
        from tests.faults.invariants import INVARIANTS

        unknown = set(args.only) - {fault.__name__ for fault in FAULTS}
        if unknown - {"none"}:
            parser.error(
                f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(f.__name__ for f in FAULTS)}"
            )
        site = Site(stack, postgres, model, has_disks)
        chosen = [fault for fault in FAULTS if not args.only or fault.__name__ in args.only]
        seconds, ledger = break_everything(site, chosen)
        counts = settle(lambda: {name: check(ledger) for name, check in INVARIANTS.items()})
        moved = move_at_random(stack, steps, args.seed) if steps else {}
    counts |= site.amiss
    for table in (counts, ledger.outcomes):
        for name, count in sorted(table.items()):
            print(f"  {name:32} {count}")
    result = {"recovery_seconds": seconds, "skipped": site.skipped, "invariants": counts}
    print(json.dumps(result | {"outcomes": ledger.outcomes, "state_machine": moved}))
    slow = [name for name, took in seconds.items() if took > RECOVERY_SECONDS]
    return int(bool(slow or moved.get("broken")) or any(counts.values()))


if __name__ == "__main__":
    sys.exit(main())
