"""Turning people away at once, instead of letting them wait in vain."""

import time

from django.conf import settings

from verification.errors import Overloaded
from verification.models import Attempt

RETRY_SECONDS = 2
# How often a process that found the queue full asks the database again.
SHUT_SECONDS = 0.05


class Door:
    """What this process knows of the queue without asking: it is shut once somebody found it full.

    From then on one request now and then asks whether it still is, whoever brings it, and the others are turned away.
    """

    def __init__(self) -> None:
        self._shut_until = 0.0

    @property
    def is_shut(self) -> bool:
        """Whether there is anything to check."""
        return self._shut_until > 0

    def shut(self) -> None:
        self._shut_until = time.monotonic() + SHUT_SECONDS

    def open(self) -> None:
        self._shut_until = 0.0

    def check(self) -> None:
        """Raises Overloaded while it is shut."""
        if not self.is_shut:
            return
        if time.monotonic() < self._shut_until:
            raise Overloaded(retry_after_seconds=RETRY_SECONDS)
        self.shut()  # for those who come while this one asks
        queue_check()


door = Door()


def queue_check() -> None:
    """Raises Overloaded when as many checks wait for the workers as can be answered in time."""
    pending = Attempt.objects.filter(state=Attempt.State.PENDING).order_by()
    waiting = pending[: settings.FACE_QUEUE_LIMIT].count()
    if waiting >= settings.FACE_QUEUE_LIMIT:
        door.shut()
        raise Overloaded(retry_after_seconds=RETRY_SECONDS)
    door.open()
