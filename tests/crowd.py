"""Many who come at the same moment."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Who = TypeVar("Who")
Outcome = TypeVar("Outcome")


def at_once(does: Callable[[Who], Outcome], crowd: Iterable[Who]) -> list[Outcome]:
    """What becomes of each, in order, when all begin together; the first error is raised."""
    everybody = list(crowd)
    start = threading.Barrier(len(everybody))

    def begin(one: Who) -> Outcome:
        start.wait()
        try:
            return does(one)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(everybody)) as pool:
        return list(pool.map(begin, everybody))
