"""Opening a session with its picture: is this me, in one request?"""

from base64 import b64encode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from kombu.exceptions import OperationalError

from tests.faces import jpeg, no_face, portrait
from tests.factories import UserFactory, enrolled_subject
from verification import jobs
from verification.errors import TooManyAttempts
from verification.models import Attempt, FailureCount, Source, VerificationSession
from verification.services.failures import failure_count

pytestmark = pytest.mark.django_db
URL = "/api/v1/verification-sessions"


@pytest.fixture
def browser(ada, browser_of):
    return browser_of(ada)


def send(browser, data: bytes | None = None, *, purpose: str = "verify", **more):
    image = SimpleUploadedFile("probe.jpg", jpeg(portrait()) if data is None else data)
    return browser.post(URL, {"purpose": purpose, "image": image}, **more)


def verdict(browser, answer) -> dict:
    jobs.attempt_decide(Attempt.objects.get().pk)
    return browser.get(f"{URL}/{answer.json()['id']}").json()


def test_it_takes_the_picture_along(browser):
    answer = send(browser)
    assert (answer.status_code, answer.json()["state"]) == (202, "in_progress")
    assert Attempt.objects.get().frames == [jpeg(portrait())]


def test_it_recognises_its_owner(browser):
    assert verdict(browser, send(browser))["state"] == "succeeded"


def test_it_recognises_nobody_else(version, other_embedding, browser_of):
    bob = enrolled_subject(version, other_embedding, username="bob").user
    browser = browser_of(bob)
    told = verdict(browser, send(browser))
    assert (told["state"], told["reason"]["code"]) == ("failed", "no_match")
    assert FailureCount.objects.get().failures == 1


def test_it_waits_for_the_verdict(browser, monkeypatch):
    def decided_meanwhile(*args, **more) -> None:
        jobs.attempt_decide(Attempt.objects.get().pk)

    monkeypatch.setattr("enrollment.bell.listen", decided_meanwhile)
    answer = send(browser, headers={"Prefer": "wait=10"})
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer["Preference-Applied"] == "wait=10"


def test_it_takes_base64_too(browser):
    body = {"purpose": "verify", "image": b64encode(jpeg(portrait())).decode()}
    assert browser.post(URL, body, content_type="application/json").status_code == 202


def test_another_picture_follows_where_the_first_shows_no_face(browser):
    told = verdict(browser, send(browser, no_face()))
    assert (told["state"], told["reason"]["code"]) == ("created", "no_face")
    image = SimpleUploadedFile("probe.jpg", jpeg(portrait()))
    assert browser.post(f"{URL}/{told['id']}/frames", {"image": image}).status_code == 202


def test_a_file_that_is_no_picture_leaves_nothing_behind(browser):
    answer = send(browser, b"GIF89a")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
    assert not VerificationSession.objects.exists()
    assert not FailureCount.objects.exists()


def test_an_empty_picture_is_a_picture(browser):
    answer = browser.post(URL, {"purpose": "verify", "image": ""})
    assert (answer.status_code, answer.json()["code"]) == (422, "empty_file")
    assert not VerificationSession.objects.exists()


def test_it_takes_one_picture(browser):
    images = [SimpleUploadedFile(f"{n}.jpg", jpeg(portrait())) for n in range(2)]
    answer = browser.post(URL, {"purpose": "verify", "image": images})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not VerificationSession.objects.exists()


def test_a_picture_that_is_refused_in_the_last_moment_leaves_nothing_behind(browser, monkeypatch):
    def counted(*args) -> bool:
        failure_count(*args)
        raise TooManyAttempts(retry_after_seconds=60)

    monkeypatch.setattr("verification.services.attempts.failure_count", counted)
    answer = send(browser)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    for rows in (VerificationSession, Attempt, FailureCount, Source):
        assert not rows.objects.exists()


def test_the_same_key_asks_once(browser):
    first, again = (send(browser, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Attempt.objects.count() == 1


def test_it_asks_a_browser_for_its_token(ada):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    assert send(browser).status_code == 403
    assert not VerificationSession.objects.exists()


def test_a_device_alone_is_nobody(browser_of):
    assert send(Client(), headers={"X-Device-Key": "d" * 40}).status_code == 401


@pytest.mark.parametrize("purpose", ["sign_in", "step_up"])
def test_what_asks_for_a_challenge_takes_no_picture_at_once(browser, settings, purpose):
    settings.FACE_SIGN_IN = "passwordless"
    image = SimpleUploadedFile("probe.jpg", jpeg(portrait()))
    answer = browser.post(URL, {"purpose": purpose, "login": "ada", "image": image})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"].keys() == {"image"}
    assert not VerificationSession.objects.exists()


def test_it_asks_who_is_there(browser_of):
    assert send(browser_of()).status_code == 401


def test_it_needs_a_usable_face(version, browser_of):
    answer = send(browser_of(UserFactory()))
    assert (answer.status_code, answer.json()["code"]) == (409, "face_not_ready")
    assert not VerificationSession.objects.exists()


def test_it_counts_as_every_try(version, other_embedding, browser_of):
    bob = browser_of(enrolled_subject(version, other_embedding, username="bob").user)
    for _ in range(5):
        jobs.attempt_decide(Attempt.objects.get(session=send(bob).json()["id"]).pk)
    answer = send(bob)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert Attempt.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_without_a_queue_the_picture_is_erased_and_the_session_closed(browser, monkeypatch):
    def away(*args, **more) -> None:
        raise OperationalError

    monkeypatch.setattr("verification.tasks.attempt_decide.apply_async", away)
    answer = send(browser)
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert VerificationSession.objects.get().state == "failed"
    assert bytes(Attempt.objects.get().sealed_probe) == b""
