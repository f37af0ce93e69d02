"""Tells the database once a second how far a run is, and finds out whether the run is still this worker's."""

import logging
import threading
from typing import Any, Self
from uuid import UUID

from django.db import DatabaseError, connections
from django.utils import timezone

from enrollment.models import TrainingRun

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0


class RunClosed(Exception):
    """The run was cancelled, or another worker took it over."""


class Reporter:
    """Writes the latest news of a run from its own thread, so that a long step does not look like a dead worker."""

    def __init__(self, run: TrainingRun, claim: UUID) -> None:
        self._run, self._claim = run, claim
        self._news: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._stop, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._report, name=f"{run} reporter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def tell(self, **fields: Any) -> None:
        """Takes news of columns of the run. Raises RunClosed when the run is no longer this worker's."""
        with self._lock:
            self._news |= fields
        if self._closed.is_set():
            raise RunClosed

    def enter(self, phase: TrainingRun.Phase, *, steps: int = 0) -> None:
        """Begins a phase and logs it."""
        self._run.note_down(str(phase.label))
        self.tell(phase=phase, step=0, steps=steps, seconds_left=None, log=self._run.log)

    def log(self, line: str) -> None:
        """Adds a line to the run's log."""
        self._run.note_down(line)
        self.tell(log=self._run.log)

    def _report(self) -> None:
        try:
            while not self._closed.is_set():
                last = self._stop.wait(INTERVAL_SECONDS)
                self._write()
                if last:
                    break
        finally:
            connections.close_all()

    def _write(self) -> None:
        with self._lock:
            news, self._news = self._news, {}
        mine = TrainingRun.objects.filter(
            pk=self._run.pk, state=TrainingRun.State.RUNNING, claimed_as=self._claim
        )
        try:
            if not mine.update(heartbeat_at=timezone.now(), **news):
                self._closed.set()
        except DatabaseError as error:
            logger.warning("news of %s wait: %s", self._run, error)
            with self._lock:
                self._news = news | self._news
