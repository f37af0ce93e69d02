"""People who use the site while it breaks: they note what they were promised."""

import re
import secrets
import threading
import time
from dataclasses import dataclass, field

import httpx

from tests.faces import jpeg, portrait, portraits

PATIENCE_SECONDS = 20.0
GIVE_UP_SECONDS = 60.0
PASSWORD = "correct horse battery"


@dataclass
class Ledger:
    """What the site accepted, and how it answered; shared by all visitors."""

    samples: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)  # sessions of theirs
    told: dict[str, str] = field(default_factory=dict)  # session to the verdict that somebody was told
    outcomes: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, outcome: str) -> None:
        with self.lock:
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def note(self, session: str, state: str) -> None:
        if state in ("succeeded", "failed"):
            with self.lock:
                self.told[session] = state


class Visitor:
    """A browser without a screen: cookies, and the token of the last page."""

    def __init__(self, url: str, ledger: Ledger, *, address: str | None = None) -> None:
        """Comes from an address of this machine, where one is given: the site limits sign-ups from each."""
        self.ledger, self.address = ledger, address
        transport = httpx.HTTPTransport(local_address=address)
        self.http = httpx.Client(
            base_url=url, timeout=PATIENCE_SECONDS, follow_redirects=True, transport=transport
        )
        self.name, self.token = f"visitor{secrets.token_hex(5)}", ""

    def open(self, path: str) -> None:
        page = self.http.get(path).raise_for_status().text
        found = re.search(r'name="(?:csrf-token|csrfmiddlewaretoken)" (?:content|value)="([^"]+)"', page)
        self.token = found[1] if found else ""

    def post(self, path: str, *, wait: bool = True, **options: object) -> httpx.Response:
        headers = {"X-CSRFToken": self.token, "Referer": str(self.http.base_url)}
        headers |= {"Prefer": "wait=10"} if wait else {}
        return self.http.post(path, headers=headers, **options).raise_for_status()  # type: ignore[arg-type]

    def enroll(self, pictures: list[bytes] | None = None) -> None:
        """Signs up and gives pictures of one person, while nothing is broken."""
        self.open("/accounts/signup/")
        mail = f"{self.name}@example.org"
        form = {"email": mail, "username": self.name, "password1": PASSWORD, "password2": PASSWORD}
        self.post("/accounts/signup/", data=form)
        self.open("/face/consent/")
        self.post("/face/consent/", data={"sign_in": "on"})
        self.open("/face/")
        for picture in pictures or portraits():
            self.give(picture)
        deadline = time.monotonic() + 3 * PATIENCE_SECONDS  # the worker may only be starting
        while not self.http.get("/api/v1/samples").json()["anchors"]["usable"]:
            if time.monotonic() > deadline:
                raise TimeoutError("The pictures of a visitor were not accepted.")
            time.sleep(0.2)

    def give(self, picture: bytes, *, wait: bool = True) -> str:
        """Gives one picture; answers its id."""
        files = {"image": ("face.jpg", picture)}
        sample = str(self.post("/api/v1/samples", files=files, wait=wait).json()["samples"][0]["id"])
        with self.ledger.lock:
            self.ledger.samples.add(sample)
        return sample

    def take_back(self, sample: str) -> None:
        headers = {"X-CSRFToken": self.token, "Referer": str(self.http.base_url)}
        with self.ledger.lock:
            self.ledger.deleted.add(sample)  # before the answer, which may be lost
        self.http.delete(f"/api/v1/samples/{sample}", headers=headers).raise_for_status()

    def verify(
        self, picture: bytes, *, stranger: bool = False, wait: bool = True, patience: float = 0.0
    ) -> str:
        """Shows a face; answers the state of the session, after which it asks again for that many seconds."""
        session = self.post("/api/v1/verification-sessions", json={"purpose": "verify"}).json()["id"]
        with self.ledger.lock:
            (self.ledger.strangers if stranger else self.ledger.sessions).add(session)
        files = {"image": ("face.jpg", picture)}
        path = f"/api/v1/verification-sessions/{session}"
        answer = self.post(f"{path}/frames", files=files, wait=wait)
        deadline = time.monotonic() + patience
        while (state := str(answer.json()["state"])) == "in_progress" and time.monotonic() < deadline:
            time.sleep(0.2)
            answer = self.http.get(path).raise_for_status()
        self.ledger.note(session, state)
        return state

    def sign_in(self, name: str) -> "Visitor":
        """Comes back by password, which also lifts a lock."""
        self.name = name
        self.open("/accounts/login/")
        self.post("/accounts/login/", data={"login": name, "password": PASSWORD})
        self.open("/face/")
        return self

    def seconds_until_recognised(self) -> float:
        """How long it takes until the right face is known again; gives up after a minute."""
        picture, start = jpeg(portrait()), time.monotonic()
        while time.monotonic() - start < GIVE_UP_SECONDS:
            try:
                if self.verify(picture) == "succeeded":
                    break
            except (httpx.TransportError, httpx.HTTPStatusError):
                pass
            time.sleep(0.2)
        return time.monotonic() - start
