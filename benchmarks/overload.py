"""Sends the running site more verifications than it can do, and times refusals, ordinary pages and recovery.

More callers than the site has threads verify without a pause, whatever they are answered (`Retry-After` is not heeded),
while somebody opens ordinary pages four times a second, before and during it. Recovery goes from the end of the load to
three answers in a row that take no longer than before it. With DATABASE_URL set, on PostgreSQL.
"""

import argparse
import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from matplotlib.figure import Figure

from benchmarks.caller import SESSIONS, Caller, picture_form
from benchmarks.catalogue import Figures
from benchmarks.report import markdown
from benchmarks.site import running
from benchmarks.spread import spread
from ml.evaluation import plot_style
from tests.faces import jpeg, portrait

PAGES = ("/accounts/login/", "/")
PAUSE_SECONDS = 0.25
BUSY = {429, 503}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20, help="before the load, and of the load")
    parser.add_argument("--queue", type=int, default=8, help="FACE_QUEUE_LIMIT")


def measure(options: argparse.Namespace) -> Figures:
    with running(FACE_QUEUE_LIMIT=str(options.queue)) as stack:
        callers = [Impatient(stack.url, number) for number in range(options.callers)]
        calm = max(callers[0].try_once(jpeg(portrait()))[1] for _ in range(5))
        before = open_pages(stack.url, options.seconds)
        load = Load(callers, options.seconds)
        load.begin()
        during = open_pages(stack.url, options.seconds)
        load.join()
        recovery = seconds_until_quick(callers[0], calm)
        for caller in callers:
            caller.leave()
    refused = [ms for status, ms in load.answers if status in BUSY]
    others = [status for status, _ in load.answers if status not in BUSY and status != 200]
    return {
        "database": stack.environment.get("DATABASE_URL", "sqlite").split(":")[0],
        "callers": options.callers,
        "queue_limit": options.queue,
        "answers": len(load.answers),
        "decided_per_second": round(load.count(200) / options.seconds, 1),
        "refused": len(refused),
        "refused_ms": spread(refused),
        "decided_ms": spread([ms for status, ms in load.answers if status == 200]),
        "other_answers": {str(status): others.count(status) for status in sorted(set(others))},
        "pages_before_ms": spread(before),
        "pages_during_ms": spread(during),
        "recovery_seconds": round(recovery, 2),
    }


class Impatient(Caller):
    """Takes no for an answer, and asks again."""

    def try_once(self, picture: bytes) -> tuple[int, float]:
        """Status of the answer, and milliseconds to it or, where the picture was taken, to the decision."""
        status, begun = self._answer("POST", SESSIONS, b'{"purpose": "verify"}', "application/json")
        if "id" not in begun:
            return status, self.took
        path, (form, kind) = f"{SESSIONS}/{begun['id']}", picture_form(picture)
        start = time.perf_counter()
        status, answer = self._answer("POST", f"{path}/frames", form, kind)
        while answer.get("state") == "in_progress":
            status, answer = self._answer("GET", path)
        return status, 1e3 * (time.perf_counter() - start)

    def _answer(
        self, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> tuple[int, dict[str, str]]:
        start = time.perf_counter()
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        try:
            self._http.request(method, path, body, headers)
            answer = self._http.getresponse()
            content: dict[str, str] = json.loads(answer.read())
        except (OSError, http.client.HTTPException):  # cut off: counted as an answer of its own kind
            self._http.close()
            self.took = 1e3 * (time.perf_counter() - start)
            return 0, {}
        self.took = 1e3 * (time.perf_counter() - start)
        return answer.status, content


class Load:
    """Callers who ask on, whatever they are answered."""

    def __init__(self, callers: list[Impatient], seconds: float) -> None:
        self.answers: list[tuple[int, float]] = []
        self._end = time.monotonic() + seconds
        self._threads = [threading.Thread(target=self._go_on, args=(caller,)) for caller in callers]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def count(self, status: int) -> int:
        return sum(found == status for found, _ in self.answers)

    def _go_on(self, caller: Impatient) -> None:
        picture = jpeg(portrait())
        while time.monotonic() < self._end:
            self.answers.append(caller.try_once(picture))


def open_pages(url: str, seconds: float) -> list[float]:
    """Milliseconds of ordinary pages."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for page in PAGES:
            start = time.perf_counter()
            connection.request("GET", page)
            connection.getresponse().read()
            times.append(1e3 * (time.perf_counter() - start))
            time.sleep(PAUSE_SECONDS)
    connection.close()
    return times


def seconds_until_quick(caller: Impatient, calm_ms: float) -> float:
    start, quick = time.monotonic(), 0
    while quick < 3:
        status, took = caller.try_once(jpeg(portrait()))
        quick = quick + 1 if status == 200 and took <= calm_ms else 0
    return time.monotonic() - start


KINDS = {
    "refused_ms": "refusal",
    "decided_ms": "decision",
    "pages_before_ms": "ordinary page, before",
    "pages_during_ms": "ordinary page, during",
}


def table(figures: Figures) -> str:
    times = markdown(
        ["answer", "median ms", "p95 ms", "p99 ms", "slowest ms"],
        [[words, *figures[kind].values()] for kind, words in KINDS.items() if figures[kind]],
    )
    told = (
        "database",
        "callers",
        "queue_limit",
        "answers",
        "refused",
        "other_answers",
        "decided_per_second",
        "recovery_seconds",
    )
    return f"{times}\n\n{markdown(['', ''], [[name.replace('_', ' '), figures[name]] for name in told])}"


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    kinds = [kind for kind in KINDS if figures[kind]]
    for place, part in enumerate(("median", "p95", "p99")):
        across = [number + 0.25 * (place - 1) for number in range(len(kinds))]
        heights = [figures[kind][part] for kind in kinds]
        axes.bar(across, heights, 0.22, color=plot_style.COLOURS[place], label=part)
    axes.set_xticks(range(len(kinds)), [KINDS[kind] for kind in kinds])
    axes.set_yscale("log")
    axes.legend(frameon=False)
    plot_style.dress(axes, title="Answers under overload", x="", y="milliseconds")
