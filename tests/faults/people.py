"""Real people for the state machine, each with a ledger of what the site promised, and the backend that keeps them."""

import itertools
import threading
import time
from dataclasses import dataclass, field
from functools import cache

import httpx

from tests.faces import lfw

PATIENCE_SECONDS = 20.0
USABLE, MOST = 3, 10  # anchors
FREE_FAILURES, LOCKED_SECONDS = 5, 30.0
# The shipped network tells these people well apart at every threshold: a wrong accept is the site's mistake.
RESIDENTS = (
    *("Abdullah_Gul", "Adrien_Brody", "Ali_Naimi", "Ana_Palacio", "Ann_Veneman"),
    *("Antonio_Palocci", "Ari_Fleischer", "Ariel_Sharon", "Atal_Bihari_Vajpayee", "Bill_Clinton"),
)
COMERS = (
    *("Al_Gore", "Alvaro_Uribe", "Andre_Agassi", "Angelina_Jolie"),
    *("Bill_Frist", "Bill_Graham", "Bill_McBride", "Bill_Simon"),
)
_numbers = itertools.count()


class Broken(AssertionError):
    """The site did what it must not do."""


@cache
def faces(name: str) -> tuple[bytes, ...]:
    return tuple(lfw(name, 8))


def face(name: str, number: int) -> bytes:
    """One of somebody's pictures, as a file that was never there before: its comment is new."""
    some, comment = faces(name), f"{next(_numbers)} {time.time_ns()}".encode()
    picture = some[number % len(some)]
    return picture[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + picture[2:]


@dataclass
class Person:
    """Somebody whom the backend keeps."""

    name: str
    id: str
    key: str
    primary_key: int
    training: bool
    samples: dict[str, str] = field(default_factory=dict)  # id to state, without those taken back
    files: dict[str, bytes] = field(default_factory=dict)
    failures: int = 0
    last_failure: float = 0.0
    open_tries: set[str] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> list[str]:
        return [sample for sample, state in self.samples.items() if state == "accepted"]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way that could change what the site says of them."""
        return not self.open_tries and "pending" not in self.samples.values()

    @property
    def may_be_locked(self) -> bool:
        return self.failures + len(self.open_tries) >= FREE_FAILURES

    @property
    def must_be_locked(self) -> bool:
        return self.failures >= FREE_FAILURES and time.monotonic() - self.last_failure < LOCKED_SECONDS - 2


class Backend:
    """A system that keeps people on the site with a service key. Safe to use from several threads."""

    def __init__(self, url: str, secret: str) -> None:
        headers = {"X-API-Key": secret}
        self._http = httpx.Client(base_url=f"{url}/api/v1/", headers=headers, timeout=PATIENCE_SECONDS)
        self._lock = threading.Lock()

    def add(self, name: str, *, training: bool) -> Person:
        from enrollment.models import Subject
        from verification.services.failures import subject_key

        body = {"consent": True, "training_consent": training}
        made = self._http.post("subjects", json=body).raise_for_status().json()
        subject = Subject.objects.get(public_id=made["id"])
        return Person(name, made["id"], subject_key(subject), subject.pk, training)

    def erase(self, person: Person) -> httpx.Response:
        return self._http.delete(f"subjects/{person.id}")

    def agree(self, person: Person, *, training: bool) -> None:
        body = {"consent": True, "training_consent": training}
        self._http.put(f"subjects/{person.id}/consents", json=body).raise_for_status()
        person.training = training

    def give(self, person: Person, *pictures: bytes, wait: bool = True) -> list[dict[str, object]]:
        """Gives pictures; answers and notes what became of each. One that is refused whole has no id."""
        files = [("image", ("face.jpg", picture)) for picture in pictures]
        answer = self._http.post(f"subjects/{person.id}/samples", files=files, headers=_prefer(wait=wait))
        if answer.status_code in (500, 502, 504):
            raise Broken(f"an error that nobody foresaw: {answer.status_code}")
        if answer.status_code not in (200, 202):
            return [
                {"id": None, "state": "rejected", "reasons": [answer.json()], "status": answer.status_code}
            ]
        outcomes: list[dict[str, object]] = answer.json()["samples"]
        for picture, outcome in zip(pictures, outcomes, strict=True):
            if outcome["id"]:
                person.samples[str(outcome["id"])] = str(outcome["state"])
                person.files[str(outcome["id"])] = picture
        return outcomes

    def take_back(self, person: Person, sample: str) -> httpx.Response:
        person.samples.pop(sample, None)
        return self._http.delete(f"subjects/{person.id}/samples/{sample}")

    def look_again(self, person: Person) -> None:
        """Reads the outcome of whatever was not waited for."""
        for sample in [one for one, state in person.samples.items() if state == "pending"]:
            answer = self._http.get(f"subjects/{person.id}/samples/{sample}").raise_for_status()
            person.samples[sample] = answer.json()["state"]
        for session in list(person.open_tries):
            answer = self._http.get(f"subjects/{person.id}/verify/{session}").raise_for_status()
            self._note(person, answer.json(), stranger=session in person.strangers)

    def verify(self, person: Person, picture: bytes, *, stranger: bool = False, wait: bool = True) -> str:
        """Shows a picture; answers `matched`, `no match`, `void`, `pending`, or the code of a refusal."""
        files = {"image": ("face.jpg", picture)}
        path = f"subjects/{person.id}/verify"
        answer = self._http.post(path, files=files, headers=_prefer(wait=wait))
        if answer.status_code not in (200, 202):
            return str(answer.json()["code"])
        return self._note(person, answer.json(), stranger=stranger)

    def _note(self, person: Person, body: dict[str, object], *, stranger: bool) -> str:
        session = str(body["id"])
        with self._lock:
            person.open_tries.discard(session)
            if stranger:
                person.strangers.add(session)
            if body["state"] == "pending":
                person.open_tries.add(session)
                return "pending"
            if body["state"] == "decided" and not body["matched"]:
                person.failures, person.last_failure = person.failures + 1, time.monotonic()
        if stranger and body["matched"]:
            raise Broken(f"somebody else was taken for {person.name}")
        return "void" if body["state"] == "void" else "matched" if body["matched"] else "no match"


def _prefer(*, wait: bool) -> dict[str, str]:
    return {"Prefer": "wait=10"} if wait else {}
