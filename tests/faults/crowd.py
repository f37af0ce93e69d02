"""Visitors who go on whatever happens: they verify, give and take pictures back, and try to pass for others."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO

import httpx
from PIL import Image

from tests.faces import LFW, jpeg, lfw, portrait
from tests.faults.people import COMERS, RESIDENTS, face
from tests.faults.visitor import Ledger, Visitor

# Each from an address of its own, and no oftener than the site lets an address fail.
OWNERS, STRANGER_SECONDS = 4, 2.0
PICTURES = 4
WORK_SECONDS = 40.0


class Crowd:
    """Three at a time. What they did not foresee is kept, and raised by whoever asks for it at the end."""

    def __init__(self, url: str, ledger: Ledger) -> None:
        self.ledger = ledger
        self.watcher, self._verifier, self._giver = (Visitor(url, ledger) for _ in range(3))
        for visitor in (self.watcher, self._verifier, self._giver):
            visitor.enroll()
        self._owners = [Visitor(url, ledger, address=f"127.0.0.{2 + n}") for n in range(OWNERS)]
        self._tries = self._strangers()
        self._url = url
        self._over = threading.Event()
        self.errors: list[Exception] = []
        # What each of them must get done again and again, or the site is broken with nobody there to see it.
        self._jobs: dict[str, Callable[[], None]] = {
            "verify: succeeded": self._verify,
            "give_and_take: done": self._give_and_take,
        }
        if LFW.is_dir():
            for owner, name in zip(self._owners, RESIDENTS, strict=False):
                owner.enroll(lfw(name, PICTURES))
            self._jobs["stranger: failed"] = self._try_as_stranger
        self._threads = [threading.Thread(target=self._repeat, args=(job,)) for job in self._jobs.values()]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def idle(self) -> list[str]:
        """Waits until each of them got something done; names what nobody did for long."""
        before = dict(self.ledger.outcomes)
        deadline = time.monotonic() + WORK_SECONDS
        while waiting := [
            job for job in self._jobs if self.ledger.outcomes.get(job, 0) <= before.get(job, 0)
        ]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return waiting

    def raise_errors(self) -> None:
        if self.errors:
            raise ExceptionGroup("Nobody foresaw this.", self.errors)

    def _repeat(self, job: Callable[[], None]) -> None:
        name = job.__name__[1:]
        while not self._over.is_set():
            try:
                job()
            except httpx.HTTPStatusError as error:
                self.ledger.count(f"{name}: {error.response.status_code}")
            except httpx.TransportError:
                self.ledger.count(f"{name}: no answer")
            except Exception as error:
                self.ledger.count(f"{name}: {type(error).__name__}")
                self.errors.append(error)
            self._over.wait(0.2)

    def _verify(self) -> None:
        self.ledger.count(f"verify: {self._verifier.verify(jpeg(portrait()))}")

    def _give_and_take(self) -> None:
        """A picture more, never the same twice, and one less."""
        try:
            self._giver.take_back(self._giver.give(_altered(time.time_ns())))
            self.ledger.count("give_and_take: done")
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.FORBIDDEN:
                raise
            # The password was shown too long ago by now.
            self.ledger.count("give_and_take: password asked for")
            self._giver = Visitor(self._url, self.ledger).sign_in(self._giver.name)

    def _strangers(self) -> Iterator[tuple[Visitor, bytes]]:
        """Owners of different faces in turn, and the pictures of everybody else."""
        strangers = [*RESIDENTS[OWNERS:], *COMERS]
        for number in itertools.count():
            for turn, name in enumerate(strangers, number):  # each time round they come to the next owner
                yield self._owners[turn % OWNERS], face(name, number)

    def _try_as_stranger(self) -> None:
        """Whoever is locked after so many tries signs in by password, and is tried on again."""
        self._over.wait(STRANGER_SECONDS)
        owner, picture = next(self._tries)
        try:
            self.ledger.count(f"stranger: {owner.verify(picture, stranger=True)}")
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                raise
            self.ledger.count("stranger: locked")
            Visitor(self._url, self.ledger, address=owner.address).sign_in(owner.name)


def _altered(number: int) -> bytes:
    picture = portrait().copy()
    picture.putpixel((0, 0), (number % 251, number // 251 % 251, number // 63001 % 251))
    buffer = BytesIO()
    Image.Image.save(picture, buffer, "JPEG", quality=92, comment=str(number).encode())
    return buffer.getvalue()
