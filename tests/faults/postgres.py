"""A PostgreSQL server of the run's own, that may be killed."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.faults.network import Network

USER = "faceverify"


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs, where installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    """Durable as in production: what was committed must survive an immediate stop."""

    def __init__(self, bin_folder: Path, network: Network | None = None) -> None:
        """Hosts of the network reach it too, where there is one."""
        self._bin = bin_folder
        self._addresses = ["127.0.0.1", *([network.address] if network else [])]
        self._folder = Path(tempfile.mkdtemp(prefix="fv-faults-db-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = self.url_at("127.0.0.1")
        self._data = self._folder / "data"
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", str(self._data), "-U", USER, "--auth", "trust", "--encoding", "UTF8")
        if network:
            with (self._data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {network.subnet} trust\n")
        self.start()

    def url_at(self, address: str) -> str:
        return f"postgres://{USER}@{address}:{self._port}/postgres"

    def start(self) -> None:
        addresses = ",".join(self._addresses)
        options = f"-p {self._port} -c listen_addresses={addresses} -c unix_socket_directories=''"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-o", options, "-l", log, "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", how, "stop")

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
