import pytest
from django.test import Client

from tests.factories import enrolled_subject

URL = "/api/v1/verification-sessions"
JSON = "application/json"

pytestmark = pytest.mark.django_db


def open_session(browser: Client, **body: str):
    return browser.post(URL, body, content_type=JSON)


def test_it_opens_a_session_for_anybody(browser_of):
    answer = open_session(browser_of(), purpose="sign_in", login="ada")
    assert answer.status_code == 201
    of_apps = {"session_token", "next_step"}
    assert answer.json().keys() == {"id", "purpose", "state", "reason", "challenge", "expires_at"} | of_apps
    assert not any(answer.json()[name] for name in of_apps)
    assert answer.json()["state"] == "created"


def test_it_answers_the_same_for_known_and_unknown_accounts(version, portrait_embedding, browser_of):
    enrolled_subject(version, portrait_embedding, username="ada")
    known = open_session(browser_of(), purpose="sign_in", login="ada").json()
    unknown = open_session(browser_of(), purpose="sign_in", login="nobody").json()
    for answer in (known, unknown):
        del answer["id"], answer["expires_at"]
    assert known == unknown


@pytest.mark.parametrize(
    "body", [{"purpose": "sign_in"}, {"purpose": "sign_in", "login": "  "}, {"purpose": "x"}, {}]
)
def test_it_asks_for_what_is_missing(browser_of, body):
    answer = open_session(browser_of(), **body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_it_refuses_what_is_no_json(browser_of):
    answer = browser_of().post(URL, "{", content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_request")


def test_it_verifies_signed_in_people_only(browser_of):
    assert open_session(browser_of(), purpose="verify").status_code == 401


def test_it_verifies_people_with_a_usable_face_only(stranger, browser_of):
    answer = open_session(browser_of(stranger), purpose="verify")
    assert (answer.status_code, answer.json()["code"]) == (409, "face_not_ready")


def test_it_demands_the_csrf_token_of_anonymous_browsers():
    browser = Client(enforce_csrf_checks=True)
    assert open_session(browser, purpose="sign_in", login="ada").status_code == 403
