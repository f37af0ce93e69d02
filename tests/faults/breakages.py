"""What breaks, and how it is put right again by whoever watches over the processes; nothing else is done by hand."""

import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.db import connection

from tests.e2e.stack import Stack
from tests.faults.postgres import Postgres
from tests.faults.visitor import Ledger

DOWN_SECONDS = 3.0
QUEUES = ("biometric", "enrollment")
NO_POSTGRES = "needs PostgreSQL's programs"


@dataclass
class Site:
    """The running site, and what it stands on."""

    stack: Stack
    postgres: Postgres | None
    model: Path
    has_disks: bool = False  # of its own, which may be filled
    ledger: Ledger = field(default_factory=Ledger)
    amiss: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)

    def children(self, name: str) -> list[int]:
        """Processes that a process of the Procfile started."""
        parent = str(self.stack.processes[name].pid)
        found = subprocess.run(["pgrep", "-P", parent], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

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


def messages_lost(site: Site) -> None:
    """What comes in while no worker is there, gone from the queues."""
    site.stack.stop("biometric")
    time.sleep(DOWN_SECONDS)
    site.broker().delete(*QUEUES)
    site.stack.start("biometric")


def messages_doubled(site: Site) -> None:
    """Every message of the queues three times over."""
    site.stack.stop("biometric")
    time.sleep(DOWN_SECONDS)
    broker = site.broker()
    for queue in QUEUES:
        if waiting := broker.lrange(queue, 0, -1):
            broker.rpush(queue, *waiting, *waiting)
    site.stack.start("biometric")


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
    """One byte of the network's weights, and a worker that has to load it anew."""
    whole = site.model.read_bytes()
    middle = len(whole) // 2
    site.model.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    worker_killed(site)
    time.sleep(DOWN_SECONDS)
    site.model.write_bytes(whole)
    worker_killed(site)


def model_missing(site: Site) -> None:
    aside = site.model.with_suffix(".aside")
    site.model.rename(aside)
    worker_killed(site)
    time.sleep(DOWN_SECONDS)
    aside.rename(site.model)
    worker_killed(site)


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
