"""Probes, metrics and logs of a running site, from the web process through broker and worker."""

import json
import time

import httpx
import pytest

from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait

pytestmark = pytest.mark.e2e
ID = "asked-by-the-test"


@pytest.fixture
def watched():
    stack = Stack()
    stack.environment["LOG_FORMAT"] = "json"
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


def test_it_becomes_ready_and_tells_of_one_check_all_the_way(watched):
    checks = wait_until_ready(watched)
    assert len(checks) == 8
    with httpx.Client(base_url=watched.url) as person:
        sign_up(person)
        add_picture(person)
        wait_for(lambda: "faceverify_samples_total{" in told(person))
        figures = told(person)
    assert 'faceverify_stage_seconds_count{stage="embed"} 1.0' in figures
    assert 'faceverify_queue_wait_seconds_count{queue="' in figures
    assert 'view="enrollment_api:samples"' in figures
    lines = [json.loads(line) for line in log_of(watched) if line.startswith("{")]
    own = [line for line in lines if line.get("request_id") == ID]
    assert {line["logger"] for line in own} >= {"faceverify_site.observation", "enrollment.jobs.samples"}
    assert not [line for line in log_of(watched) if "patience" in line]


def wait_until_ready(stack) -> dict:
    deadline = time.monotonic() + 60
    while (answer := httpx.get(f"{stack.url}/readyz")).status_code != 200 and time.monotonic() < deadline:
        time.sleep(1)
    assert answer.status_code == 200, answer.text
    return answer.json()["checks"]


def wait_for(is_done) -> None:
    deadline = time.monotonic() + 20
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert is_done()


def sign_up(person) -> None:
    person.get("/accounts/signup/")
    secret = "correct horse battery"
    fields = {
        "username": "patience",
        "email": "patience@example.org",
        "password1": secret,
        "password2": secret,
    }
    answer = post(person, "/accounts/signup/", data=fields)
    assert answer.status_code == 302, answer.text


def add_picture(person) -> None:
    assert put(person, "/api/v1/me/consents", json={"sign_in": True}).status_code == 200
    files = {"image": ("a.jpg", jpeg(portrait()), "image/jpeg")}
    assert post(person, "/api/v1/samples", files=files).status_code == 202


def post(person, path, **body):
    return person.post(path, headers=headers(person), **body)


def put(person, path, **body):
    return person.put(path, headers=headers(person), **body)


def headers(person) -> dict[str, str]:
    return {
        "X-CSRFToken": person.cookies["csrftoken"],
        "X-Request-ID": ID,
        "Referer": str(person.base_url),
    }


def told(person) -> str:
    return person.get("/metrics").text


def log_of(stack) -> list[str]:
    return (stack.folder / "log").read_text().splitlines()
