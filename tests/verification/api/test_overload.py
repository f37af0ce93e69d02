"""More faces than the workers can look at: a quick refusal, whoever asks."""

import io
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from faceverify_site.middleware import OverloadMiddleware
from tests.faces import jpeg, portrait
from tests.factories import backend_subject
from tests.verification.api.test_frames import URL, opened, send
from verification.models import Attempt, VerificationSession
from verification.services import overload

pytestmark = pytest.mark.django_db
OPENING = {"purpose": "sign_in", "login": "ada"}


@pytest.fixture(autouse=True)
def opened_again():
    yield
    overload.door.open()


@pytest.fixture
def full(browser_of, settings, version):
    """One check waits, and no more may."""
    settings.LIVENESS, settings.FACE_QUEUE_LIMIT = "required", 1
    browser = browser_of()
    send(browser, opened(browser), 4)
    return browser


def is_turned_away(answer) -> bool:
    return (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "overloaded", "2")


def open_session(browser):
    return browser.post(URL, OPENING, content_type="application/json")


def test_it_turns_away_before_pictures_are_taken(full, browser_of):
    assert is_turned_away(open_session(browser_of()))
    assert VerificationSession.objects.count() == 1


def test_it_turns_away_pictures_of_a_session_opened_before(full, browser_of, settings):
    browser = browser_of()
    settings.FACE_QUEUE_LIMIT = 2
    session = opened(browser, login="bob")
    settings.FACE_QUEUE_LIMIT = 1
    assert is_turned_away(send(browser, session, 4))
    assert Attempt.objects.count() == 1


def test_it_turns_the_next_one_away_without_asking_the_database(
    full, browser_of, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(overload, "SHUT_SECONDS", 60)
    open_session(browser_of())
    with django_assert_num_queries(0):
        answer = open_session(browser_of())
    assert is_turned_away(answer)


def test_it_lets_people_in_as_soon_as_the_queue_is_short_again(full, browser_of, monkeypatch):
    monkeypatch.setattr(overload, "SHUT_SECONDS", 0.001)
    assert is_turned_away(open_session(browser_of()))
    Attempt.objects.all().delete()
    assert open_session(browser_of()).status_code == 201


def test_whoever_comes_next_asks_for_all_of_them(full, browser_of, client, monkeypatch):
    """Also somebody who may do nothing here: else they could keep the door shut for everybody."""
    monkeypatch.setattr(overload, "SHUT_SECONDS", 0.001)
    assert is_turned_away(open_session(browser_of()))
    Attempt.objects.all().delete()
    monkeypatch.setattr(overload, "SHUT_SECONDS", 60)
    assert client.post("/api/v1/subjects/0b7c6f0e-4f4e-4d6a-9d2c-0c1a5d1c9a11/verify").status_code == 401
    assert open_session(browser_of()).status_code == 201


def test_one_asks_while_others_are_turned_away(full, browser_of, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(overload, "SHUT_SECONDS", 0.001)
    open_session(browser_of())
    time.sleep(0.01)
    monkeypatch.setattr(overload, "SHUT_SECONDS", 60)
    with django_assert_num_queries(1):
        assert is_turned_away(open_session(browser_of()))
    with django_assert_num_queries(0):
        assert is_turned_away(open_session(browser_of()))


@pytest.mark.parametrize("path", ["/api/v1/verification-sessions/abc/frames", "/api/v1/subjects/{id}/verify"])
def test_it_turns_away_at_the_door_what_queues_a_check(full, browser_of, monkeypatch, path):
    monkeypatch.setattr(overload, "SHUT_SECONDS", 60)
    open_session(browser_of())
    path = path.format(id="0b7c6f0e-4f4e-4d6a-9d2c-0c1a5d1c9a11")
    assert is_turned_away(browser_of().post(path, {"image": jpeg(portrait()).hex()}))


def test_it_lets_everything_else_in(full, browser_of, monkeypatch):
    monkeypatch.setattr(overload, "SHUT_SECONDS", 60)
    open_session(browser_of())
    browser = browser_of()
    assert browser.get("/accounts/login/").status_code == 200
    assert browser.get(f"{URL}/unknown").status_code == 404
    assert browser.post("/api/v1/compare").status_code == 401
    assert browser.post("/nowhere").status_code == 404


def test_a_probe_of_the_process_does_not_ask_the_database(
    full, client, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(overload, "SHUT_SECONDS", 0)
    overload.door.shut()
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_who_repeats_a_request_by_its_key_gets_the_answer_of_then(
    backend_of, version, portrait_embedding, monkeypatch
):
    backend, subject = backend_of("verify"), backend_subject(version, portrait_embedding)

    def verify():
        image = SimpleUploadedFile("a.jpg", jpeg(portrait()))
        key = {"Idempotency-Key": "one-and-the-same-key"}
        return backend.post(f"/api/v1/subjects/{subject.public_id}/verify", {"image": image}, headers=key)

    first = verify()
    monkeypatch.setattr(overload, "SHUT_SECONDS", 60)
    overload.door.shut()
    again = verify()
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (202, 202, "true")


def test_who_leaves_while_the_door_is_shut_is_no_error(full, monkeypatch):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError("reset")

    monkeypatch.setattr(overload, "SHUT_SECONDS", 60)
    overload.door.shut()
    request = RequestFactory().post(URL, OPENING, content_type="application/json")
    request._stream = Broken()
    refused = OverloadMiddleware(lambda _: pytest.fail("the door was open"))(request)
    assert (refused.status_code, refused["Cache-Control"]) == (503, "no-store")
