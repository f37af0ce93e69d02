"""Apps are known by headers alone, browsers by cookies alone."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session

from tests.apps import AUTH, SESSIONS, app, give_password, signed_in
from tests.conftest import show_password
from tests.factories import PASSWORD, SampleFactory, UserFactory

pytestmark = pytest.mark.django_db
ME = "/api/v1/me"


def test_a_token_opens_the_api_to_its_person(owner):
    assert app(token=signed_in(owner)).get(ME).json()["username"] == owner.username


@pytest.mark.parametrize("token", ["x" * 32, "x", "x" * 33, "ä" * 32, "'; --"])
def test_a_token_that_is_not_valid_never_falls_back_to_the_cookie(owner, browser_of, token):
    browser = browser_of(owner)
    assert browser.get(ME).status_code == 200
    answer = browser.get(ME, headers={"X-Session-Token": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_an_empty_token_never_falls_back_to_the_cookie(owner, browser_of):
    assert browser_of(owner).get(ME, headers={"X-Session-Token": ""}).status_code == 401


def test_a_token_comes_before_the_cookie(owner, stranger, browser_of):
    answer = browser_of(owner).get(ME, headers={"X-Session-Token": signed_in(stranger)})
    assert answer.json()["username"] == stranger.username


def test_cookies_do_not_count_with_a_device_key(owner, browser_of):
    assert browser_of(owner).get(ME, headers={"X-Device-Key": "x" * 32}).status_code == 401


def test_a_device_key_opens_no_door(owner):
    assert app().get(ME).status_code == 401
    assert app().get(f"{AUTH}/sessions").status_code == 401


@pytest.mark.parametrize("key", ["", "short", "x" * 31])
def test_a_short_device_key_is_refused(key):
    answer = app(device=key).get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "device_key_too_short")


def test_an_app_needs_no_csrf_token(owner):
    answer = app(token=signed_in(owner)).put(
        "/api/v1/me/consents", {"sign_in": True}, content_type="application/json"
    )
    assert answer.status_code == 200


def test_a_browser_with_a_made_up_device_key_gets_nothing_of_its_cookie(owner, browser_of):
    browser = browser_of(owner)
    answer = browser.post(
        SESSIONS, {"purpose": "verify"}, headers={"X-Device-Key": "x" * 32}, content_type="application/json"
    )
    assert answer.status_code == 401


def test_an_app_gets_no_cookie(owner):
    answers = [
        give_password(owner.username),
        app(token=signed_in(owner)).get(ME),
        app().post(SESSIONS, {"purpose": "sign_in", "login": "x"}, content_type="application/json"),
    ]
    assert not any(answer.cookies for answer in answers)


def test_a_token_opens_no_page(owner):
    assert app(token=signed_in(owner)).get("/face/consent/").status_code == 302


def test_a_token_shows_the_cut_outs_of_ones_own_pictures(owner, stranger):
    sample = SampleFactory(subject=owner.subject)
    sample.accept(crop=b"crop", quality={})
    sample.save()
    (listed,) = app(token=signed_in(owner)).get("/api/v1/samples").json()["samples"]
    assert app(token=signed_in(owner)).get(listed["crop_url"]).content == b"crop"
    assert app(token=signed_in(stranger)).get(listed["crop_url"]).status_code == 404
    assert app().get(listed["crop_url"]).status_code == 302


def test_mails_that_an_app_asked_for_lead_to_pages(owner, mailoutbox):
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    app().post(f"{AUTH}/password/request", {"email": owner.email}, content_type="application/json")
    assert "http://testserver/accounts/password/reset/key/" in mailoutbox[-1].body


def test_a_revoked_token_opens_nothing_at_once(owner):
    ours, theirs = signed_in(owner), signed_in(owner)
    devices = app(token=ours).get(f"{AUTH}/sessions").json()["data"]
    other = next(device["id"] for device in devices if not device["is_current"])
    app(token=ours).delete(f"{AUTH}/sessions", {"sessions": [other]}, content_type="application/json")
    assert app(token=theirs).get(ME).status_code == 401
    assert app(token=ours).get(ME).status_code == 200


def test_nobody_revokes_what_is_others(owner, stranger):
    ours, theirs = signed_in(owner), signed_in(stranger)
    (device,) = app(token=theirs).get(f"{AUTH}/sessions").json()["data"]
    answer = app(token=ours).delete(
        f"{AUTH}/sessions", {"sessions": [device["id"]]}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert app(token=theirs).get(ME).status_code == 200


def test_signing_out_ends_the_token(owner):
    token = signed_in(owner)
    assert app(token=token).delete(f"{AUTH}/session").status_code == 401
    assert app(token=token).get(ME).status_code == 401


def test_a_new_password_ends_every_other_token(owner):
    token = signed_in(owner)
    owner.set_password("another good password")
    owner.save()
    assert app(token=token).get(ME).status_code == 401


def test_a_closed_account_has_no_valid_token(owner):
    token = signed_in(owner)
    owner.is_active = False
    owner.save()
    assert app(token=token).get(ME).status_code == 401


def test_the_session_that_a_request_saw_end_stays_ended(owner):
    token = signed_in(owner)
    app(token=token).delete(f"{AUTH}/session")
    app(token=token).post(SESSIONS, {"purpose": "verify"}, content_type="application/json")
    assert not Session.objects.filter(session_key=token).exists()


def test_a_wrong_password_gets_no_token(owner):
    answer = give_password(owner.username, "wrong")
    assert answer.status_code == 400
    assert "session_token" not in answer.content.decode()


def test_guessing_passwords_is_slowed_down_in_apps_too(owner):
    codes = {give_password(owner.username, f"wrong {n}").json()["errors"][0]["code"] for n in range(12)}
    assert "too_many_login_attempts" in codes


def test_what_needs_a_fresh_sign_in_needs_it_of_apps_too(owner, browser_of):
    browser = browser_of(owner)  # its session stands in for one that a token opened long ago
    show_password(browser, owner, seconds_ago=3600)
    token = browser.session.session_key
    body = {"sign_in": True}
    answer = app(token=token).put("/api/v1/me/consents", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
    app(token=token).post(f"{AUTH}/reauthenticate", {"password": PASSWORD}, content_type="application/json")
    answer = app(token=token).put("/api/v1/me/consents", body, content_type="application/json")
    assert answer.status_code == 200


def test_a_face_only_token_ends_when_its_owner_becomes_staff(browser_of):
    user = UserFactory()
    browser = browser_of(user)
    show_password(browser, user, method="face")
    token = browser.session.session_key
    assert app(token=token).get(ME).status_code == 200
    user.is_staff = True
    user.save()
    assert app(token=token).get(ME).status_code == 401
    assert app(token=token).get(f"{AUTH}/session").status_code == 410


def test_devices_are_listed_with_when_they_were_seen(owner):
    token = signed_in(owner)
    (device,) = app(token=token).get(f"{AUTH}/sessions").json()["data"]
    assert device["is_current"]
    assert abs(device["last_seen_at"] - time.time()) < 60
    assert token not in str(device)


def test_the_page_of_devices_ends_all_others(owner, browser_of):
    token = signed_in(owner)
    browser = browser_of(owner)
    assert b"2 devices" in browser.get("/accounts/sessions/").content
    browser.post("/accounts/sessions/")
    assert app(token=token).get(ME).status_code == 401
    assert browser.get("/accounts/sessions/").status_code == 200


def test_signing_up_waits_for_the_mail_address_where_the_site_wants_it(db, settings, mailoutbox):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    fields = {"username": "eve", "email": "eve@example.org", "password": PASSWORD}
    signed_up = app().post(f"{AUTH}/signup", fields, content_type="application/json")
    half = app(token=signed_up.json()["meta"]["session_token"])
    assert (signed_up.status_code, half.get(ME).status_code) == (401, 401)
    key = re.search(r"http://testserver/accounts/confirm-email/([^/]+)/", mailoutbox[-1].body)[1]
    half.post(f"{AUTH}/email/verify", {"key": key}, content_type="application/json")
    token = give_password("eve").json()["meta"]["session_token"]
    assert app(token=token).get(ME).json()["email_verified"] is True
