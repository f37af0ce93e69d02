"""Reading a session, sending it a picture, and finishing the sign-in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.faces import jpeg, no_face, portrait
from verification import jobs
from verification.models import Attempt, FailureCount

pytestmark = pytest.mark.django_db
URL = "/api/v1/verification-sessions"


@pytest.fixture
def browser(browser_of):
    return browser_of()


def open_session(browser, login: str = "ada") -> str:
    body = {"purpose": "sign_in", "login": login}
    return browser.post(URL, body, content_type="application/json").json()["id"]


def send(browser, session: str, data: bytes | None = None, **headers: str):
    image = SimpleUploadedFile("probe.jpg", jpeg(portrait()) if data is None else data)
    return browser.post(f"{URL}/{session}/frames", {"image": image}, headers=headers)


def decide() -> None:
    jobs.attempt_decide(Attempt.objects.latest("created_at").pk)


def finish(browser, session: str, **more: str):
    return browser.post("/sign-in/face/finish/", {"session": session} | more)


def test_it_takes_a_picture(ada, browser):
    answer = send(browser, open_session(browser))
    assert (answer.status_code, answer.json()["state"]) == (202, "in_progress")


def test_it_waits_no_longer_than_asked(ada, browser):
    assert send(browser, open_session(browser), prefer="wait=1").status_code == 202


def test_it_tells_success_without_any_score(ada, browser):
    session = open_session(browser)
    send(browser, session)
    decide()
    answer = browser.get(f"{URL}/{session}").json()
    assert answer["state"] == "succeeded"
    assert not {"similarity", "distance", "threshold", "score"} & answer.keys()


def test_it_signs_in_after_success(ada, browser):
    session = open_session(browser)
    send(browser, session)
    decide()
    assert finish(browser, session).url == "/"
    assert browser.session["_auth_user_id"] == str(ada.pk)


def test_it_signs_in_once(ada, browser):
    session = open_session(browser)
    send(browser, session)
    decide()
    assert finish(browser, session).url == "/"
    assert finish(browser, session).url == "/sign-in/face/"


def test_it_asks_for_the_password_before_an_address_is_added(ada, browser):
    session = open_session(browser)
    send(browser, session)
    decide()
    finish(browser, session)
    answer = browser.post("/accounts/email/", {"action_add": "", "email": "thief@example.org"})
    assert answer.url.startswith("/accounts/reauthenticate/")


@pytest.mark.parametrize("session", ["%00", "a" * 60, "../x"])
def test_it_knows_no_odd_ids(browser, session):
    assert browser.get(f"{URL}/{session}").status_code == 404
    assert finish(browser, session.replace("%00", "\0")).url == "/sign-in/face/"


def test_it_resets_the_count_of_failures_at_sign_in(ada, browser):
    session = open_session(browser)
    send(browser, session)
    decide()
    finish(browser, session)
    assert not FailureCount.objects.exists()


def test_it_signs_nobody_in_without_success(ada, browser):
    session = open_session(browser)
    assert finish(browser, session).url == "/sign-in/face/"
    send(browser, session)
    assert finish(browser, session).url == "/sign-in/face/"
    assert "_auth_user_id" not in browser.session


def test_it_signs_no_other_browser_in(ada, browser, browser_of):
    session = open_session(browser)
    send(browser, session)
    decide()
    thief = browser_of()
    assert finish(thief, session).url == "/sign-in/face/"
    assert "_auth_user_id" not in thief.session


@pytest.mark.parametrize(
    ("target", "landing"), [("/face/", "/face/"), ("https://evil.example/", "/"), ("", "/")]
)
def test_it_goes_on_within_the_site_only(ada, browser, target, landing):
    session = open_session(browser)
    send(browser, session)
    decide()
    assert finish(browser, session, next=target).url == landing


def test_it_hides_a_session_from_other_browsers(ada, browser, browser_of):
    session = open_session(browser)
    assert browser_of().get(f"{URL}/{session}").status_code == 404
    assert send(browser_of(), session).status_code == 404


def test_it_asks_for_another_picture(ada, browser):
    session = open_session(browser)
    send(browser, session, no_face())
    decide()
    assert browser.get(f"{URL}/{session}").json()["reason"]["code"] == "no_face"


def test_it_takes_one_picture_at_a_time(ada, browser):
    session = open_session(browser)
    send(browser, session)
    answer = send(browser, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "frame_in_progress")


def test_it_explains_what_is_wrong_with_a_file(ada, browser):
    answer = send(browser, open_session(browser), b"text")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")


def test_it_says_when_to_come_back(ada, browser):
    session = open_session(browser)
    FailureCount.objects.create(pk=ada.verification_sessions.get().login_key, failures=4)
    send(browser, session)
    answer = browser.post(URL, {"purpose": "sign_in", "login": "ada"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert 25 <= int(answer["Retry-After"]) == answer.json()["retry_after_seconds"] <= 30
