"""The API over real HTTP while parts of the site are away: it answers in time, and does what it took on, once."""

import re
import time
from collections.abc import Callable

import httpx
import pytest

from tests.crowd import at_once
from tests.e2e.journey import PASSWORD
from tests.e2e.stack import Stack
from tests.e2e.test_outage import Outage
from tests.faces import jpeg, portrait, portraits

pytestmark = pytest.mark.e2e
SAMPLES, COMPARE = "/api/v1/samples", "/api/v1/compare"
CONSENT = {"sign_in": True, "training": False}


@pytest.fixture
def without(site: Stack):
    outage = Outage(site)
    yield outage
    outage.end()


@pytest.fixture
def client(site: Stack, request):
    """Somebody who has just signed up and consented, by cookie."""
    name = re.sub(r"\W", "", request.node.name)[-30:]
    with httpx.Client(base_url=site.url, timeout=30) as client:
        form = client.get("/accounts/signup/").text
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[0]
        fields = {
            "username": name,
            "email": f"{name}@example.org",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        assert (
            client.post("/accounts/signup/", data=fields | {"csrfmiddlewaretoken": token}).status_code == 302
        )
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        assert client.put("/api/v1/me/consents", json=CONSENT).status_code == 200
        yield client


def compare(client: httpx.Client, **headers: str) -> httpx.Response:
    files = {"image_a": portraits()[0], "image_b": portraits()[1]}
    return client.post(COMPARE, files=files, headers=headers)


def upload(client: httpx.Client, picture: bytes, **headers: str) -> httpx.Response:
    return client.post(SAMPLES, files={"image": picture}, headers=headers)


def needs_own_broker(site: Stack) -> None:
    if site.environment.get("REDIS_URL"):
        pytest.skip("the broker is somebody else's: REDIS_URL is set")


def once_it_is_back(ask: Callable[[], httpx.Response], *, seconds: float = 30) -> httpx.Response:
    deadline = time.monotonic() + seconds
    while (answer := ask()).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.3)
    return answer


def until_accepted(client: httpx.Client, *, seconds: float = 60) -> list[str]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        states = [sample["state"] for sample in client.get(SAMPLES).json()["samples"]]
        if "pending" not in states:
            return states
        time.sleep(0.3)
    raise TimeoutError(states)


def test_it_waits_for_the_answer(client):
    answer = compare(client, Prefer="wait=10")
    assert (answer.status_code, answer.json()["matched"]) == (200, True)
    assert answer.headers["Preference-Applied"] == "wait=10"


def test_it_answers_in_time_while_the_worker_is_away(client, without):
    without("biometric")
    started = time.monotonic()
    answer = compare(client, Prefer="wait=2")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert 1.9 < time.monotonic() - started < 5
    assert answer.headers["Preference-Applied"] == "wait=2"


def test_it_keeps_what_it_took_on_while_the_worker_is_away(client, without):
    without("biometric")
    assert upload(client, portraits()[0]).status_code == 202
    without.end()
    assert until_accepted(client) == ["accepted"]


def test_it_refuses_what_it_cannot_take_on_while_the_broker_is_away(site, client, without):
    needs_own_broker(site)
    without("broker")
    started = time.monotonic()
    answer = compare(client, Prefer="wait=9", **{"Idempotency-Key": "no-broker"})
    assert time.monotonic() - started < 8
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    without.end()
    again = once_it_is_back(lambda: compare(client, Prefer="wait=10", **{"Idempotency-Key": "no-broker"}))
    assert (again.status_code, "Idempotency-Replayed" in again.headers) == (200, False)


def test_it_keeps_pictures_while_the_broker_is_away(site, client, without):
    needs_own_broker(site)
    without("broker")
    assert upload(client, portraits()[0]).status_code == 202
    without.end()
    assert until_accepted(client) == ["accepted"]


def test_fifty_requests_with_one_key_have_one_effect(client):
    picture = jpeg(portrait())
    answers = at_once(lambda _: upload(client, picture, **{"Idempotency-Key": "fifty"}), range(50))
    done = [answer for answer in answers if answer.status_code == 202]
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["samples"][0]["id"] for answer in done}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in done) == 1
    assert len(client.get(SAMPLES).json()["samples"]) == 1
