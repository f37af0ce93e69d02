"""Beat, which gives a sign of life of its own."""

import logging
import time
from typing import Any

from django.db import Error
from django_celery_beat.schedulers import DatabaseScheduler

from enrollment.models import Heartbeat
from faceverify_site.schedule import HEARTBEAT_SECONDS

logger = logging.getLogger(__name__)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # the package is not typed
    """The schedule in the database, as the admin edits it."""

    noted_at = float("-inf")

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        self._note()
        return super().tick(*args, **kwargs)

    def _note(self) -> None:
        now = time.monotonic()
        if now - self.noted_at < HEARTBEAT_SECONDS:
            return
        self.noted_at = now
        try:
            Heartbeat.note("beat")
        except Error as error:  # the schedule goes on; whoever asks sees that beat is silent
            logger.warning("no sign of life could be written: %s", type(error).__name__)
