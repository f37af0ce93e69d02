"""One request and its answer: headers, trying again, waiting for work."""

import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from faceverify_client.errors import Problem, Unfinished, Unreachable, problem_of

LONGEST_HOLD_SECONDS = 10  # of `Prefer: wait`, by the site's rules
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 5.0
PASSING = {429, 502, 503, 504}
Files = Sequence[tuple[str, tuple[str, bytes]]]


@dataclass
class Transport:
    """Sends requests for the API's resources.

    Everything may be sent twice without harm: whatever is posted carries an `Idempotency-Key`, and the other methods
    do the same thing twice by nature. So it tries again where the site says "later" or the connection broke, until
    `patience_seconds` are over.
    """

    http: httpx.Client
    patience_seconds: float

    def get(self, path: str, *, hold: bool = False, **params: Any) -> Any:
        told = {name: value for name, value in params.items() if value is not None}
        return self.send("GET", path, hold=hold, params=told).json()

    def post(self, path: str, *, json: Any = None, files: Files | None = None, data: Any = None) -> Any:
        answer = self.send("POST", path, hold=True, json=json, files=files, data=data)
        return answer.json() if answer.content else None

    def put(self, path: str, *, json: Any) -> Any:
        return self.send("PUT", path, json=json).json()

    def delete(self, path: str) -> None:
        self.send("DELETE", path)

    def finished(self, answer: Any, path: str, is_open: Callable[[Any], bool]) -> Any:
        """Asks for the resource until its work is done. Raises Unfinished."""
        deadline = time.monotonic() + self.patience_seconds
        pause = FIRST_PAUSE_SECONDS
        while is_open(answer):
            if time.monotonic() + pause > deadline:
                raise Unfinished(answer)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            answer = self.get(path, hold=True)
        return answer

    def send(self, method: str, path: str, *, hold: bool = False, **content: Any) -> httpx.Response:
        """The answer, if it is a good one. Raises Problem or Unreachable."""
        headers = self._headers(method, hold=hold)
        deadline = time.monotonic() + self.patience_seconds
        pause = FIRST_PAUSE_SECONDS
        while True:
            outcome = self._once(method, path, headers, content)
            if isinstance(outcome, httpx.Response):
                return outcome
            wait = max(pause * random.uniform(0.75, 1.25), getattr(outcome, "retry_after", None) or 0)
            if not _may_pass(outcome) or time.monotonic() + wait > deadline:
                raise outcome
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _headers(self, method: str, *, hold: bool) -> dict[str, str]:
        headers = {}
        if hold:
            headers["Prefer"] = f"wait={min(LONGEST_HOLD_SECONDS, int(self.patience_seconds))}"
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        return headers

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], content: Mapping[str, Any]
    ) -> httpx.Response | Problem | Unreachable:
        try:
            response = self.http.request(method, path, headers=headers, **content)
        except httpx.TransportError as error:
            unreachable = Unreachable(f"{method} {path}: {error or type(error).__name__}")
            unreachable.__cause__ = error
            return unreachable
        return response if response.is_success else problem_of(response)


def address(*parts: object) -> str:
    """A path of these parts, each of which stays one, whatever is in it: ids may come from strangers."""
    told = [quote(str(part), safe="") for part in parts]
    if any(part in {"", ".", ".."} for part in told):
        raise ValueError(f"expected ids, got {parts}")
    return "/".join(told)


def _may_pass(outcome: Problem | Unreachable) -> bool:
    if isinstance(outcome, Unreachable):
        return True
    return outcome.status in PASSING or outcome.code == "idempotency_in_progress"
