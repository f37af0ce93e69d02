"""What breaks, and how it is put right again by whoever watches over the processes; nothing else is done by hand."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.db import connection
from django.utils import timezone

from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait
from tests.faults.network import Network
from tests.faults.postgres import Postgres
from tests.faults.visitor import Ledger, Visitor

DOWN_SECONDS = 3.0
REFUSED_WITHIN_SECONDS = WAITING_WITHIN_SECONDS = STARTED_WITHIN_SECONDS = 30.0
QUEUES = ("biometric", "enrollment")
# What people wait for; signs of life and sweeps come again by themselves.
PEOPLES = {"verification.tasks.attempt_decide", "enrollment.tasks.template_extract"}
NO_POSTGRES = "needs PostgreSQL's programs"
RECOGNISED = ("verify", "sign_in", "sample_decide")  # in the audit log


@dataclass
class Site:
    """The running site, and what it stands on."""

    stack: Stack
    postgres: Postgres | None
    model: Path
    has_disks: bool = False  # of its own, which may be filled
    network: Network | None = None
    ledger: Ledger = field(default_factory=Ledger)
    amiss: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)

    def children(self, name: str) -> list[int]:
        """Processes that a process of the Procfile started."""
        parent = str(self.stack.processes[name].pid)
        found = subprocess.run(["pgrep", "-P", parent], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def start_worker(self) -> None:
        """Gives it time to come up, where that is not the fault."""
        self.stack.start("biometric")
        deadline = time.monotonic() + STARTED_WITHIN_SECONDS
        while not self.children("biometric") and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(DOWN_SECONDS)  # its child loads the model

    def broker(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.stack.folder / "broker.sock"))


def worker_killed(site: Site) -> None:
    for child in site.children("biometric"):
        os.kill(child, signal.SIGKILL)
    site.stack.stop("biometric", signal.SIGKILL)
    time.sleep(DOWN_SECONDS)
    site.stack.start("biometric")


def worker_child_killed(site: Site) -> None:
    """The worker makes a new one by itself."""
    for child in site.children("biometric"):
        os.kill(child, signal.SIGKILL)


def web_killed(site: Site) -> None:
    """Half of the web processes; gunicorn makes a new one by itself."""
    os.kill(site.children("web")[0], signal.SIGKILL)


def web_killed_whole(site: Site) -> None:
    for child in site.children("web"):
        os.kill(child, signal.SIGKILL)
    site.stack.stop("web", signal.SIGKILL)
    site.stack.start("web")


def broker_killed(site: Site) -> None:
    site.stack.stop("broker", signal.SIGKILL)
    time.sleep(DOWN_SECONDS)
    site.stack.start("broker")


def broker_emptied(site: Site) -> None:
    """FLUSHALL: every message is lost, and what the workers listen on with it."""
    site.broker().flushall()


def broker_restarted(site: Site) -> None:
    """As for an update: it is asked to stop, and writes down what it holds."""
    site.stack.stop("broker", signal.SIGTERM)
    time.sleep(DOWN_SECONDS)
    site.stack.start("broker")


def messages_lost(site: Site) -> None:
    """What comes in while no worker is there, gone from the queues."""
    site.stack.stop("biometric")
    time.sleep(DOWN_SECONDS)
    site.amiss["messages_lost_hit_nobody"] += int(not _peoples_messages(site))
    site.broker().delete(*QUEUES)
    site.stack.start("biometric")


def messages_doubled(site: Site) -> None:
    """Every message of the queues three times over."""
    site.stack.stop("biometric")
    time.sleep(DOWN_SECONDS)
    site.amiss["messages_doubled_hit_nobody"] += int(not _peoples_messages(site))
    broker = site.broker()
    for queue in QUEUES:
        if waiting := broker.lrange(queue, 0, -1):
            broker.rpush(queue, *waiting, *waiting)
    site.stack.start("biometric")


def _peoples_messages(site: Site) -> int:
    """How many messages that somebody waits for are in the queues, once there is one."""
    deadline = time.monotonic() + WAITING_WITHIN_SECONDS
    while True:
        messages = [json.loads(one) for queue in QUEUES for one in site.broker().lrange(queue, 0, -1)]
        count = sum(message["headers"]["task"] in PEOPLES for message in messages)
        if count or time.monotonic() > deadline:
            return count
        time.sleep(0.05)


def two_beats(site: Site) -> None:
    second = subprocess.Popen(
        ["celery", "--quiet", "-A", "faceverify_site", "beat", "--loglevel", "error"],
        cwd=Path(__file__).parents[2],
        env=site.stack.environment,
    )
    time.sleep(12)
    second.terminate()
    second.wait(20)


def model_altered(site: Site) -> None:
    """One byte of the network's weights."""
    whole = site.model.read_bytes()
    middle = len(whole) // 2
    altered = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    _without_model(site, lambda: site.model.write_bytes(altered), lambda: site.model.write_bytes(whole))


def model_missing(site: Site) -> None:
    aside = site.model.with_suffix(".aside")
    _without_model(site, lambda: site.model.rename(aside), lambda: aside.rename(site.model))


def _without_model(site: Site, take_away: Callable[[], object], put_back: Callable[[], object]) -> None:
    """A worker that starts then refuses everybody, or ends at once. Once the model is back everything goes on."""
    from enrollment.models import AuditEvent

    visitor = Visitor(site.stack.url, site.ledger)
    visitor.enroll()
    for child in site.children("biometric"):
        os.kill(child, signal.SIGKILL)
    site.stack.stop("biometric", signal.SIGKILL)
    take_away()
    time.sleep(DOWN_SECONDS)  # what was just being written is there by now
    began = timezone.now()
    site.stack.start("biometric")
    told = visitor.verify(jpeg(portrait()), patience=REFUSED_WITHIN_SECONDS)
    time.sleep(DOWN_SECONDS)
    site.amiss["not_refused_without_model"] += int(told != "failed")
    decided = AuditEvent.objects.filter(created_at__gte=began, outcome="success")
    site.amiss["accepted_without_model"] += decided.filter(action__in=RECOGNISED).count()
    put_back()
    if site.stack.processes["biometric"].poll() is not None:
        site.stack.start("biometric")  # as what supervises it does


def backends_terminated(site: Site) -> None:
    if site.postgres is None:
        site.skipped["backends_terminated"] = NO_POSTGRES
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    connection.close()


def database_stopped(site: Site) -> None:
    """As if its machine lost power: no checkpoint, no goodbye."""
    if site.postgres is None:
        site.skipped["database_stopped"] = NO_POSTGRES
        return
    connection.close()
    site.postgres.stop("immediate")
    time.sleep(DOWN_SECONDS)
    site.postgres.start()
