"""A scripted phone: from a new account to a face that opens it, with a plain HTTP client and no browser."""

import re
import secrets
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from ml.evaluation import liveness as trials
from ml.faces.liveness import Action
from ml.serving.pipeline import FacePipeline
from tests.e2e.films import CLIP, clip, needs_clip
from tests.e2e.journey import PASSWORD
from tests.e2e.stack import ROOT, Stack
from tests.faces import jpeg, portrait, portraits

pytestmark = pytest.mark.e2e
AUTH, SESSIONS = "/_allauth/app/v1/auth", "/api/v1/verification-sessions"
WAIT = {"Prefer": "wait=10"}


class Phone:
    """An app: a device key of its own, the token once it has one, and no cookies."""

    def __init__(self, site: Stack) -> None:
        self.site = site
        self.http = httpx.Client(base_url=site.url, timeout=30, headers={"User-Agent": "Phone/1.0"})
        self.device_key, self.token = secrets.token_urlsafe(32), ""

    def ask(self, method: str, path: str, **more) -> httpx.Response:
        identity = {"X-Session-Token": self.token} if self.token else {"X-Device-Key": self.device_key}
        answer = self.http.request(method, path, headers=identity | more.pop("headers", {}), **more)
        assert not answer.cookies
        return answer

    def sign_up(self, name: str) -> None:
        fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        answer = self.ask("POST", f"{AUTH}/signup", json=fields)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["meta"]["session_token"]

    def verify_mail(self, name: str) -> None:
        mail = next(part for part in self.site.mails().split("\nTo: ") if f"{name}@example.org" in part)
        [key] = re.findall(r"/accounts/confirm-email/([^/\s]+)/", mail)
        assert self.ask("POST", f"{AUTH}/email/verify", json={"key": key}).status_code == 200
        assert self.ask("GET", "/api/v1/me").json()["email_verified"]

    def enroll(self, pictures: list[bytes]) -> None:
        assert self.ask("PUT", "/api/v1/me/consents", json={"sign_in": True}).status_code == 200
        for picture in pictures:
            self.ask("POST", "/api/v1/samples", files={"image": picture}, headers=WAIT)
        deadline = time.monotonic() + 60
        while self.ask("GET", "/api/v1/me").json()["anchors"]["pending"] and time.monotonic() < deadline:
            time.sleep(0.3)
        assert self.ask("GET", "/api/v1/me").json()["face_sign_in"]["possible"]

    def open_session(self, name: str) -> dict:
        self.token = ""
        answer = self.ask("POST", SESSIONS, json={"purpose": "sign_in", "login": name})
        assert answer.status_code == 201
        return answer.json()

    def show(self, session: dict, frames: list[bytes]) -> dict:
        """The session's end; the token too, where it came."""
        address = f"{SESSIONS}/{session['id']}"
        files = [("image", (f"{n}.jpg", frame)) for n, frame in enumerate(frames)]
        answer = self.ask("POST", f"{address}/frames", files=files, headers=WAIT)
        while answer.status_code == 202:
            answer = self.ask("GET", address, headers=WAIT)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["session_token"] or ""
        return answer.json()

    def devices(self) -> list[dict]:
        return self.ask("GET", f"{AUTH}/sessions").json()["data"]

    def revoke(self, device: dict) -> None:
        assert self.ask("DELETE", f"{AUTH}/sessions", json={"sessions": [device["id"]]}).status_code == 200


@pytest.fixture
def phone_on():
    """Makes phones that talk to a site."""
    with ExitStack() as open_connections:

        def make(site: Stack) -> Phone:
            phone = Phone(site)
            open_connections.enter_context(phone.http)
            return phone

        yield make


def test_a_phone_goes_all_the_way_from_sign_up_to_a_revoked_token(site, phone_on):
    phone = phone_on(site)
    phone.sign_up("phoebe")
    first_token = phone.token
    phone.verify_mail("phoebe")
    phone.enroll(portraits())

    session = phone.open_session("phoebe")
    assert phone.show(session, [jpeg(portrait())])["state"] == "succeeded"
    again = phone_on(site)
    again.device_key = phone.device_key
    assert again.ask("GET", f"{SESSIONS}/{session['id']}").json()["session_token"] is None
    assert phone.ask("GET", "/api/v1/me").json()["session"]["face_only"] is True

    devices = phone.devices()
    assert {device["user_agent"] for device in devices} == {"Phone/1.0"}
    phone.revoke(next(device for device in devices if not device["is_current"]))
    again.token = first_token
    assert again.ask("GET", "/api/v1/me").status_code == 401
    assert phone.ask("DELETE", f"{AUTH}/session").status_code == 401
    assert phone.ask("GET", "/api/v1/me").status_code == 401


@needs_clip
def test_a_phone_answers_the_challenge(guided_site, phone_on):
    phone = phone_on(guided_site)
    phone.sign_up("moritz")
    phone.enroll([clip((second, second + 0.1))[0] for second in (0.8, 1.3, 2.0)])

    session = phone.open_session("moritz")
    time.sleep(1)  # nobody moves faster
    assert phone.show(session, [*portraits(), jpeg(portrait(), quality=80)])["session_token"] is None
    session = phone.open_session("moritz")
    frames = frames_for(session["challenge"]["actions"])
    assert phone.show(session, frames)["state"] == "succeeded"
    assert phone.ask("GET", "/api/v1/me").json()["username"] == "moritz"


def frames_for(actions: list[str]) -> list[bytes]:
    """What a phone's own face finder would pick from its camera, here the clip."""
    pipeline = FacePipeline.load(Path(ROOT) / "ml" / "artifacts" / "mobilefacenet-base-1")
    film = [(picture, pipeline.frame(picture)) for picture in trials.clip_pictures(CLIP)]
    picture_of = {id(face): picture for picture, face in film}
    faces = [face for _, face in film if face is not None]
    picked = trials.pick(faces * 2, [Action(action) for action in actions])
    assert picked is not None
    return [picture_of[id(face)] for face in picked]
