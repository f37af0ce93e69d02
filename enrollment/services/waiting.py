"""Waiting for the worker, without letting those who wait keep everybody else out."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings

from enrollment import bell

Row = TypeVar("Row")
# Half of a web process's threads may wait; whoever comes after them is told at once to ask again.
_places = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


def wait_for(
    name: str,
    read: Callable[[], Row],
    is_done: Callable[[Row], bool],
    *,
    seconds: float,
    known: Row | None = None,
) -> Row:
    """The row once it is done, or as it is after so many seconds, or at once when too many wait already.

    `name` is that of the bell which rings when it is done: a ring is kept for whoever listens later. `known` is the row
    where it was just written; the first to be read is then that of the first ring.
    """
    row = read() if known is None or seconds <= 0 else known
    if is_done(row) or seconds <= 0 or not _places.acquire(blocking=False):
        return row
    try:
        deadline = time.monotonic() + seconds
        while not is_done(row) and (left := deadline - time.monotonic()) > 0:
            bell.listen(name, seconds=left)
            row = read()
    finally:
        _places.release()
    return row
