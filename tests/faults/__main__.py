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

import httpx
from PIL import Image

from tests.e2e.stack import ROOT, Stack
from tests.faces import LFW, jpeg, lfw, lfw_people, portrait
from tests.faults.postgres import Postgres, programs

RECOVERY_SECONDS = 10.0
# Lost work is taken up again by sweeps; a session runs out after 90 s.
SETTLE_SECONDS = 120.0
QUIET_SECONDS = 2.0


@contextmanager
def running_site() -> Iterator[tuple[Stack, Postgres | None, Path]]:
    """The whole site on a database, a broker and a model of its own."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    found = programs()
    postgres = Postgres(found) if found else None
    stack = Stack()
    try:
        if postgres:
            stack.environment["DATABASE_URL"] = postgres.url
        model = stack.folder / "model"
        shutil.copytree(ROOT / "ml" / "artifacts" / "mobilefacenet-base-1", model)
        stack.environment["FACE_MODEL"] = str(model)
        stack.up()
        yield stack, postgres, next(model.glob("*.tflite"))
    finally:
        stack.down()
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


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", help="names of faults")
    args = parser.parse_args()
    with running_site() as (stack, postgres, model):
        connect(stack)
        from tests.faults.breakages import ANYWHERE, ON_POSTGRES, Site
        from tests.faults.invariants import INVARIANTS

        site = Site(stack, postgres, model)
        faults = [*ANYWHERE, *(ON_POSTGRES if postgres else ())]
        seconds: dict[str, float] = {}
        with Crowd(stack.url) as crowd:
            for fault in faults:
                if args.only and fault.__name__ not in args.only:
                    continue
                time.sleep(QUIET_SECONDS)
                fault(site)
                seconds[fault.__name__] = round(recovery(crowd.visitors[3], jpeg(portrait())), 1)
                print(f"{fault.__name__:22} back after {seconds[fault.__name__]:5.1f} s", flush=True)
        counts = settle(lambda: {name: check(crowd.ledger) for name, check in INVARIANTS.items()})
    for name, count in counts.items():
        print(f"{name:28} {count}")
    for outcome, count in sorted(crowd.ledger.outcomes.items()):
        print(f"  {outcome:32} {count}")
    print(json.dumps({"recovery_seconds": seconds, "invariants": counts, "outcomes": crowd.ledger.outcomes}))
    slow = [name for name, took in seconds.items() if took > RECOVERY_SECONDS]
    return int(bool(slow) or any(counts.values()))


if __name__ == "__main__":
    sys.exit(main())
