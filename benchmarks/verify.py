"""Times verifications on the running site, from POST of a picture to the decision, at several numbers of callers.

    .venv/bin/python benchmarks/verify.py --callers 1 4 8 32 --seconds 20

Starts the site as `make run` does, on a folder of its own. Each caller has an account and verifies again and again:
open a session, send a 640-pixel JPEG, wait for the decision. The callers' own work is on the same cores. Prints a table
and, last, one JSON object; `best_per_second` is the highest throughput seen.
"""

import argparse
import http.client
import json
import statistics
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait
from tests.faults.visitor import Ledger, Visitor

SESSIONS = "/api/v1/verification-sessions"


class Caller:
    """One account's connection: as little work as can be, since it is done on the cores that are measured."""

    def __init__(self, url: str, number: int = 0) -> None:
        visitor = Visitor(
            url, Ledger(), address=f"127.0.1.{number + 1}"
        )  # the site limits sign-ups from each
        visitor.enroll()
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
        self._headers = {"Cookie": cookies, "X-CSRFToken": visitor.token, "Referer": url, "Prefer": "wait=10"}
        self._http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> dict[str, str]:
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        try:
            self._http.request(method, path, body, headers)
            answer = self._http.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # it was kept open too long
            self._http.close()
            self._http.request(method, path, body, headers)
            answer = self._http.getresponse()
        content = answer.read()
        if answer.status not in {200, 201, 202}:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        found: dict[str, str] = json.loads(content)
        return found

    def verify(self, form: bytes, kind: str) -> float:
        """Milliseconds from POST to decision."""
        session = self.ask("POST", SESSIONS, b'{"purpose": "verify"}', "application/json")["id"]
        start = time.perf_counter()
        state = self.ask("POST", f"{SESSIONS}/{session}/frames", form, kind)["state"]
        while state == "in_progress":
            state = self.ask("GET", f"{SESSIONS}/{session}")["state"]
        if state != "succeeded":
            raise SystemExit(f"A rightful person was answered {state}.")
        return 1e3 * (time.perf_counter() - start)


def form_of(picture: bytes) -> tuple[bytes, str]:
    """A form with one picture, and its content type."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    return (
        head.encode() + picture + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )


def measure(callers: list[Caller], seconds: float) -> dict[str, float]:
    form, kind = form_of(jpeg(portrait()))
    times: list[float] = []
    end = time.monotonic() + seconds

    def go_on(caller: Caller) -> None:
        while time.monotonic() < end:
            times.append(caller.verify(form, kind))

    threads = [threading.Thread(target=go_on, args=(caller,)) for caller in callers]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = statistics.quantiles(times, n=100)
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "per_second": round(len(times) / (time.monotonic() - start), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 4, 8, 32])
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    stack = Stack()
    stack.environment |= {
        "API_RATE_PERSON": "1000000/min",
        "API_RATE_ANONYMOUS": "1000000/min",
        "LOG_LEVEL": "WARNING",
    }
    try:
        stack.up()
        callers = [Caller(stack.url, number) for number in range(max(args.callers))]
        measure(callers[:1], 2)  # warm
        figures: dict[str, object] = {}
        print(f"{'callers':>7} {'median':>9} {'p95':>9} {'p99':>9} {'a second':>9}")
        for count in args.callers:
            some = measure(callers[:count], args.seconds)
            figures[str(count)] = some
            print(
                f"{count:7d} {some['median_ms']:6.1f} ms {some['p95_ms']:6.1f} ms {some['p99_ms']:6.1f} ms "
                f"{some['per_second']:9.1f}",
                flush=True,
            )
    finally:
        stack.down()
    best = max(some["per_second"] for some in figures.values() if isinstance(some, dict))
    print(json.dumps({"verify": figures | {"best_per_second": best}}))


if __name__ == "__main__":
    main()
