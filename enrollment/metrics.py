"""What the site counts and times of its own work, for Prometheus.

Every process writes figures into files of a folder that all share, from which any of them answers for all. A process
takes the lowest number that no living one has, and goes on where the process that had it before left off: so figures
never fall when a process is replaced, and the files stay few. The number is held by a lock on a file, so that processes
in containers of one host, whose process ids may be alike, keep apart too.
"""

import fcntl
import itertools
import os
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from django.conf import settings

ALLOCATED_BYTES = 2 * 2**20
FOLDER: Path = settings.METRICS_DIR
FOLDER.mkdir(parents=True, exist_ok=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER)  # read by the import

from prometheus_client import Counter, Histogram, values  # noqa: E402


class Place:
    """The number of this process, which no other one has while it lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = 0
        self.number = 0
        self.lock = -1

    def __call__(self) -> int:
        if self.pid != os.getpid():  # at first, and after a fork
            self._take()
        return self.number

    def _take(self) -> None:
        for number in itertools.count():
            lock = os.open(self.folder / f"{number}.lock", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            self.pid, self.number, self.lock = os.getpid(), number, lock
            self._allocate()
            return

    def _allocate(self) -> None:
        """Takes the space at once: to write into a mapped file that has none, on a full disk, ends the process."""
        for kind in ("counter", "histogram"):
            file = os.open(self.folder / f"{kind}_{self.number}.db", os.O_CREAT | os.O_RDWR, 0o600)
            with suppress(OSError):
                os.posix_fallocate(file, 0, ALLOCATED_BYTES)
            os.close(file)


values.ValueClass = values.MultiProcessValue(process_identifier=Place(FOLDER))  # type: ignore[no-untyped-call]

SHORT = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
LONG = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

HTTP_REQUEST = Histogram(
    "faceverify_http_request_seconds",
    "Time of an answer, without static files.",
    ["view", "method", "status"],
    buckets=LONG,
)
QUEUE_WAIT = Histogram(
    "faceverify_queue_wait_seconds", "From asking for a task to its begin.", ["queue"], buckets=LONG
)
TASK = Histogram("faceverify_task_seconds", "Time of a task.", ["task", "state"], buckets=LONG)
STAGE = Histogram("faceverify_stage_seconds", "Time of one stage of a face check.", ["stage"], buckets=SHORT)
ATTEMPTS = Counter("faceverify_attempts", "Decided attempts to verify a face.", ["decision", "reason"])
SAMPLES = Counter("faceverify_samples", "Decided pictures of enrollment.", ["state", "reason"])


def stage(name: str) -> AbstractContextManager[object]:
    """Times a stage."""
    return STAGE.labels(name).time()
