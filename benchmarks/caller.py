"""Somebody who verifies again and again on the running site."""

import http.client
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.faults.visitor import Ledger, Visitor

SESSIONS = "/api/v1/verification-sessions"


class Caller:
    """One account's connection: as little work as can be, since it is done on the cores that are measured."""

    def __init__(self, url: str, number: int = 0) -> None:
        address = f"127.0.1.{number + 1}"  # sign-ups and failures are limited by address
        visitor = Visitor(url, Ledger(), address=address)
        with visitor.http:
            visitor.enroll()
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
        self._headers = {"Cookie": cookies, "X-CSRFToken": visitor.token, "Referer": url, "Prefer": "wait=10"}
        self._http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30, source_address=(address, 0))
        self._pause_seconds = 0.0  # before asking again, as the latest answer wants it

    def verify(self, picture: bytes) -> float:
        """Milliseconds from the POST of a picture to the decision, in one request."""
        form, kind = picture_form(picture, purpose="verify")
        return self._decided(SESSIONS, form, kind)

    def verify_apart(self, picture: bytes) -> float:
        """The same in a session that was opened by a request of its own, which is not in the time."""
        return self.show(self.begin(), picture)

    def begin(self) -> str:
        """The id of a new session."""
        return self._ask("POST", SESSIONS, b'{"purpose": "verify"}', "application/json")["id"]

    def show(self, session: str, picture: bytes) -> float:
        """Milliseconds from the POST of a picture to the decision."""
        form, kind = picture_form(picture)
        return self._decided(f"{SESSIONS}/{session}/frames", form, kind)

    def leave(self) -> None:
        self._http.close()

    def _decided(self, path: str, form: bytes, kind: str) -> float:
        start = time.perf_counter()
        session = self._ask("POST", path, form, kind)
        while session["state"] == "in_progress":
            time.sleep(self._pause_seconds)
            session = self._ask("GET", f"{SESSIONS}/{session['id']}")
        took = 1e3 * (time.perf_counter() - start)
        if session["state"] != "succeeded":
            raise SystemExit(f"A rightful person was answered {session['state']}.")
        return took

    def _ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> dict[str, str]:
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        try:
            self._http.request(method, path, body, headers)
            answer = self._http.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # it was kept open too long
            self._http.close()
            self._http.request(method, path, body, headers)
            answer = self._http.getresponse()
        content = answer.read()
        self._pause_seconds = float(answer.headers.get("Retry-After", 0))
        if answer.status not in {200, 201, 202}:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        found: dict[str, str] = json.loads(content)
        return found


@contextmanager
def enrolled(url: str, count: int) -> Iterator[list[Caller]]:
    """So many callers."""
    callers = [Caller(url, number) for number in range(count)]
    try:
        yield callers
    finally:
        for caller in callers:
            caller.leave()


def picture_form(picture: bytes, **fields: str) -> tuple[bytes, str]:
    """A form with one picture and these fields, and its content type."""
    boundary = uuid.uuid4().hex
    start = f"--{boundary}\r\nContent-Disposition: form-data; name="
    told = "".join(f'{start}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    head = f'{told}{start}"image"; filename="a.jpg"\r\n\r\n'
    return (
        head.encode() + picture + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )
