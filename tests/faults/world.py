"""What the state machine moves in: a running site, its residents, and a receiver of its webhooks."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import redis
from celery import current_app
from django.db import DatabaseError

from enrollment.errors import DomainError
from tests.e2e.stack import Stack
from tests.enrollment.receiver import Receiver, receiving
from tests.faces import SHARED
from tests.faults import sql
from tests.faults.people import RESIDENTS, Backend, Broken, Person, face

# As many people as thresholds at one false match in 10,000 take.
JUDGED_ON = 200
TWINS = 2
# Lost work is taken up again within 30 s, and a training run takes a while.
REST_SECONDS = 90.0
QUEUES = ("biometric", "enrollment", "webhooks")
SETTINGS = {
    "API_RATE_SERVICE_KEY": "1000000/min",
    "RETRAINING_MIN_AGE_HOURS": "0",
    "RETRAINING_MIN_SUBJECTS": "40",
    "WEBHOOK_PRIVATE_RECEIVERS": "true",
    "LOG_LEVEL": "ERROR",
}


@dataclass
class World:
    """The site and what is known of it."""

    stack: Stack
    backend: Backend
    receiver: Receiver
    residents: list[Person] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    wanted: int = 0
    last: dict[str, int] = field(default_factory=dict)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    orphans: set[str] = field(default_factory=set)  # left by killed processes before
    trace: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    error: BaseException | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Keeps the first error. Hypothesis goes on as if nothing had been: it would try to repeat what cannot be."""
        try:
            yield
        except (AssertionError, httpx.HTTPError, DatabaseError, DomainError) as error:
            self.error = error

    def seldom(self, what: str, every: int) -> bool:
        """Whether so many steps went by since this was done; notes that it is done now."""
        due = self.steps - self.last.get(what, -every) >= every
        if due:
            self.last[what] = self.steps
        return due

    def kill_worker_child(self) -> None:
        parent = str(self.stack.processes["biometric"].pid)
        found = subprocess.run(["pgrep", "-P", parent], capture_output=True, text=True, check=False)
        for child in found.stdout.split():
            os.kill(int(child), signal.SIGKILL)

    def rest(self, *, training_too: bool = False) -> None:
        """Waits until nothing is under way. Raises Broken when that never comes, or something is amiss then."""
        deadline = time.monotonic() + REST_SECONDS
        while amiss := self._amiss(training_too=training_too):
            if time.monotonic() > deadline:
                raise Broken(f"at rest: {amiss}")
            time.sleep(0.02)

    def _amiss(self, *, training_too: bool) -> dict[str, object]:
        return {
            **sql.broken(sql.AT_REST | (RUNS_OVER if training_too else {})),
            **self._files(),
            **self._messages(),
            **self._events(),
        }

    def _files(self) -> dict[str, object]:
        """Encrypted pictures and the rows that name them are the same."""
        files, rows = files_and_rows(self.stack)
        found = {"files_without_row": files - rows - self.orphans, "rows_without_file": rows - files}
        return {name: some for name, some in found.items() if some}

    def _messages(self) -> dict[str, object]:
        broker = redis.Redis(unix_socket_path=str(self.stack.folder / "broker.sock"))
        waiting = {f"queue_{name}": broker.llen(name) for name in QUEUES}
        return {name: count for name, count in waiting.items() if count}

    def _events(self) -> dict[str, object]:
        """Every event got to the receiver once, and nothing else did."""
        from enrollment.models import WebhookDelivery

        got = [headers["webhook-id"] for headers, _ in list(self.receiver.got)]
        sent = WebhookDelivery.objects.count()
        if len(set(got)) == len(got) == sent:
            return {}
        return {"events": f"{sent} sent, {len(got)} received, {len(set(got))} of them different"}


def files_and_rows(stack: Stack) -> tuple[set[str], set[str]]:
    """The encrypted files on the disk, and those that rows name."""
    from enrollment.services.files import face_file_fields

    folder = stack.folder / "faces"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    columns = [model._default_manager.values_list(column, flat=True) for model, column in face_file_fields()]
    return files, {name for names in columns for name in names if name}


# Trainings, and promotions that wait behind them, go on beside the steps.
RUNS_OVER = {
    "promotions_open": "SELECT count(*) FROM enrollment_promotion WHERE state = 'embedding'",
    "runs_open": "SELECT count(*) FROM enrollment_trainingrun WHERE state IN ('requested', 'running')",
    "drafts_left": "SELECT count(*) FROM enrollment_modelversion WHERE state IN ('draft', 'training')",
}


@contextmanager
def furnished(stack: Stack, wanted: int) -> Iterator[World]:
    """A running site with people to judge models on, models to promote, a backend and residents."""
    from enrollment.models import ServiceKey, WebhookEndpoint
    from enrollment.models.service_key import Scope
    from enrollment.services import webhook_create

    people_import(stack)
    for number in range(TWINS):
        _register_twin(stack, f"twin-{number}")
    key = ServiceKey(name="state machine", scopes=[Scope.SUBJECTS_WRITE, Scope.VERIFY])
    secret = key.renew_secret()
    key.save()
    kinds = ["sample.accepted", "sample.rejected", "verification.succeeded", "verification.failed"]
    with receiving() as receiver:
        webhook_create(WebhookEndpoint(url=receiver.url, kinds=kinds), actor=None)
        world = World(stack, Backend(stack.url, secret), receiver, wanted=wanted)
        files, rows = files_and_rows(stack)
        world.orphans = files - rows
        for name in RESIDENTS:
            person = world.backend.add(name, training=True)
            world.backend.give(person, *(face(name, number) for number in range(4)))
            world.residents.append(person)
        yield world
        current_app.close()


def people_import(
    stack: Stack, purpose: str = "evaluation", *, first: int = 0, count: int = JUDGED_ON
) -> None:
    """A set of people to judge models on, or to learn from; once."""
    folder = stack.folder / purpose
    if folder.exists():
        return
    people = sorted(path for path in (SHARED / "train").iterdir() if path.name.isdigit())
    for person in people[first : first + count]:
        shutil.copytree(person, folder / person.name)
    stack.manage(f"import_{purpose}_set", str(folder), "--aligned")


def _register_twin(stack: Stack, name: str) -> None:
    """The shipped network under another name: equal embeddings, another version."""
    folder = stack.folder / name
    shutil.copytree(Path(stack.environment["FACE_MODEL"]), folder)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"name": name}))
    stack.manage("register_model", str(folder))
