"""Beat, which gives a sign of life of its own."""

import logging
import signal
import time
from datetime import datetime
from typing import Any

from django.db import Error
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from enrollment.models import Heartbeat
from faceverify_site.reconnection import try_steadily
from faceverify_site.schedule import HEARTBEAT_SECONDS

logger = logging.getLogger(__name__)
STOPS = {signal.SIGTERM, signal.SIGINT}


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # the package is not typed
    """The schedule in the database, as the admin edits it."""

    noted_at = float("-inf")
    ticked_at: datetime | None = None

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        self._note()
        self._follow_clock()
        return super().tick(*args, **kwargs)

    def _ensure_connected(self) -> Any:
        try_steadily(self.connection)  # lost work is taken up again by what beat sends
        return super()._ensure_connected()

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        # A stop that comes while a message is being sent would be taken for a message that cannot be, and forgotten.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        try:
            return super().apply_async(*args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    def _follow_clock(self) -> None:
        """When the clock was set back, nothing waits until it is again as late as it was."""
        now = timezone.now()
        if self.ticked_at is None or now < self.ticked_at:
            for name, entry in self.schedule.items():
                if entry.last_run_at > now:
                    entry.last_run_at = entry.model.last_run_at = now
                    self._dirty.add(name)
            self._heap = None  # sorted by the old times
        self.ticked_at = now

    def _note(self) -> None:
        now = time.monotonic()
        if now - self.noted_at < HEARTBEAT_SECONDS:
            return
        self.noted_at = now
        try:
            Heartbeat.note("beat")
        except Error as error:  # the schedule goes on; whoever asks sees that beat is silent
            logger.warning("no sign of life could be written: %s", type(error).__name__)
