"""A mailed code in place of the face, in an app."""

import re

import pytest
from django.urls import reverse

from tests.apps import app, give_password, signed_in
from tests.factories import PASSWORD, enrolled_subject

pytestmark = pytest.mark.django_db
URL, ME = "/api/v1/sign-in-code", "/api/v1/me"


@pytest.fixture
def half(version, portrait_embedding, settings):
    """An app in which the password was given, and the face is asked for."""
    settings.FACE_SIGN_IN = "second_factor"
    enrolled_subject(version, portrait_embedding, username="ada")
    return app(token=give_password("ada").json()["meta"]["session_token"])


@pytest.fixture
def code(half, mailoutbox, django_capture_on_commit_callbacks) -> str:
    with django_capture_on_commit_callbacks(execute=True):
        assert send(half).status_code == 202
    [code] = re.findall(r"code is (\w+)", mailoutbox[-1].body)
    return str(code)


def send(client, **body):
    return client.post(URL, body, content_type="application/json")


def test_the_code_finishes_the_sign_in(half, code):
    token = send(half, code=code).json()["session_token"]
    assert app(token=token).get(ME).json()["username"] == "ada"


def test_it_works_once(half, code):
    send(half, code=code)
    assert send(half, code=code).status_code == 401


def test_a_wrong_code_opens_nothing_and_five_spoil_it(half, code):
    for _ in range(5):
        answer = send(half, code="WRONG")
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_code")
    assert send(half, code=code).status_code == 422
    assert half.get(ME).status_code == 401


def test_it_fills_nobodys_mailbox(half, browser_of, mailoutbox, django_capture_on_commit_callbacks):
    browser = browser_of()
    browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    with django_capture_on_commit_callbacks(execute=True):
        answers = [send(half) for _ in range(5)]
        page = browser.post(reverse("verification:second_factor_code"), follow=True)
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert "wait a minute" in page.content.decode()
    assert len(mailoutbox) == 3


def test_no_code_is_sent_before_the_password(half, mailoutbox):
    assert send(app()).status_code == 401
    assert mailoutbox == []


def test_no_code_is_sent_to_the_signed_in(owner, staff, browser_of, mailoutbox):
    assert send(app(token=signed_in(owner))).status_code == 401
    assert send(browser_of(staff)).status_code == 401
    assert mailoutbox == []
