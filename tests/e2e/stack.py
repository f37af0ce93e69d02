"""The whole site as `make run` starts it, on folders, database and broker of its own."""

import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Sites that run at a time each hold a number, for their database on PostgreSQL and on Redis (which has 16).
FREE_NUMBERS = set(range(5, 16))


class Stack:
    """Processes of the Procfile, each of which can be stopped and started alone."""

    def __init__(self, *, liveness: str = "off") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fv-e2e-"))
        self.mail = self.folder / "mail"
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.log = (self.folder / "log").open("wb")
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "faceverify_site.settings",
            "ENV_FILE": str(self.folder / "no.env"),
            "VAR_DIR": str(self.folder),
            "SITE_URL": self.url,
            "SECRET_KEY": "a key for the end-to-end tests alone, of more than fifty characters",
            "FACE_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "EMAIL_URL": f"filemail:///{self.mail}",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "LIVENESS": liveness,
            "LIVENESS_ACTIONS": "turn_left,turn_right,look_up",  # what the clip shows
        }
        self.number = FREE_NUMBERS.pop()
        if self.environment.get("DATABASE_URL"):
            self.environment["DATABASE_URL"] = _fresh_postgres(self.environment["DATABASE_URL"], self.number)
        if self.environment.get("REDIS_URL"):
            self.environment["REDIS_URL"] = _fresh_redis(self.environment["REDIS_URL"], self.number)

    def up(self) -> None:
        self.manage("prepare_site")
        for name in commands():
            self.start(name)
        self.wait_for_web()

    def start(self, name: str) -> None:
        self.processes[name] = subprocess.Popen(
            ["bash", "-c", commands()[name]], cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log
        )

    def stop(self, name: str, how: int = signal.SIGTERM) -> None:
        process = self.processes.pop(name)
        process.send_signal(how)
        process.wait(60)

    def down(self) -> None:
        # The broker last: a worker that looks for a lost one does not hear that it shall stop.
        for name in reversed(list(self.processes)):
            self.stop(name)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        FREE_NUMBERS.add(self.number)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stderr[-2000:]}")
        return done.stdout

    def wait_for_web(self) -> None:
        deadline = time.monotonic() + 90  # other work may take the cores
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:  # not up yet, or too busy to answer
                time.sleep(0.1)
        raise TimeoutError((self.folder / "log").read_text()[-3000:])

    def mails(self) -> str:
        return (
            "\n".join(path.read_text() for path in sorted(self.mail.glob("*"))) if self.mail.exists() else ""
        )


def commands() -> dict[str, str]:
    """Name and command of each process of the Procfile."""
    return dict(re.findall(r"^(\w+): (.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fresh_postgres(url: str, number: int) -> str:
    import psycopg
    from psycopg import sql

    name = f"faceverify_e2e_{number}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return re.sub(r"/[^/]*$", f"/{name}", url)


def _fresh_redis(url: str, number: int) -> str:
    import redis

    fresh = re.sub(r"/\d*$", f"/{number}", url)
    redis.Redis.from_url(fresh).flushdb()
    return fresh
