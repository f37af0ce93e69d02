"""Where a face counts at sign-in: instead of the password, after it, or not at all."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from enrollment.policy import CONSENT_TEXTS
from enrollment.services import keys_rotate
from tests.faces import jpeg, portrait
from tests.factories import PASSWORD, UserFactory, enrolled_subject
from verification import jobs
from verification.checks import check_face_sign_in
from verification.models import Attempt, VerificationSession
from verification.services import attempt_submit, session_get

pytestmark = pytest.mark.django_db
SESSIONS = "/api/v1/verification-sessions"


@pytest.fixture
def second_factor(settings):
    settings.FACE_SIGN_IN = "second_factor"


def give_password(client, name="ada"):
    return client.post("/accounts/login/", {"login": name, "password": PASSWORD})


def show_face(client, login="ada"):
    """A session that this browser won, ready to be finished."""
    opened = client.post(SESSIONS, {"purpose": "sign_in", "login": login})
    if opened.status_code != 201:
        return opened
    session = VerificationSession.objects.get(pk=opened.json()["id"])
    jobs.attempt_decide(attempt_submit(session, SimpleUploadedFile("x.jpg", jpeg(portrait()))).pk)
    assert session_get(session.pk, session.browser_key).state == "succeeded"
    return client.post("/sign-in/face/finish/", {"session": session.pk})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_a_face_signs_in_by_itself(client, ada):
    assert show_face(client).url == "/"
    assert is_signed_in(client)


@pytest.mark.parametrize("policy", ["second_factor", "off"])
def test_a_face_without_the_password_is_not_even_asked_for(client, settings, ada, policy):
    settings.FACE_SIGN_IN = policy
    answer = show_face(client)
    assert (answer.status_code, answer.json()["code"]) == (403, "face_sign_in_closed")
    assert client.get("/sign-in/face/").url == "/accounts/login/"
    assert "face-sign-in" not in client.get("/accounts/login/").content.decode()
    assert not Attempt.objects.exists()


def test_a_won_session_opens_nothing_once_the_policy_has_changed(client, settings, ada):
    opened = client.post(SESSIONS, {"purpose": "sign_in", "login": "ada"}).json()["id"]
    VerificationSession.objects.update(state="succeeded")
    settings.FACE_SIGN_IN = "off"
    client.post("/sign-in/face/finish/", {"session": opened})
    assert not is_signed_in(client)


def test_the_password_asks_for_the_face(client, second_factor, ada):
    assert give_password(client).url == "/sign-in/second/"
    assert not is_signed_in(client)
    assert b'value="ada"' in client.get("/sign-in/second/").content


def test_after_the_password_every_way_around_the_face_is_the_mailed_code(client, second_factor, ada):
    give_password(client)
    page = client.get("/sign-in/second/").content.decode().split("<main", 1)[1].split("</main")[0]
    assert (
        page.count("Use a code by mail instead") == 3
    )  # before the camera, beside it, and when it did not work
    assert 'data-instead="a code by mail"' in page
    assert "/accounts/login/" not in page


def test_password_and_face_sign_in(client, second_factor, ada):
    give_password(client)
    show_face(client)
    assert is_signed_in(client)


def test_the_face_is_asked_for_the_account_of_the_password(client, second_factor, ada):
    give_password(client)
    client.post(SESSIONS, {"purpose": "sign_in", "login": "somebody else"})
    assert VerificationSession.objects.get().user == ada


def test_another_ones_face_does_not_finish_the_sign_in(
    client, second_factor, ada, version, portrait_embedding
):
    twin = enrolled_subject(version, portrait_embedding, username="twin").user
    give_password(client)
    client.post(SESSIONS, {"purpose": "sign_in", "login": "ada"})
    VerificationSession.objects.update(state="succeeded", user=twin)
    client.post("/sign-in/face/finish/", {"session": VerificationSession.objects.get().pk})
    assert not is_signed_in(client)


def lapse_wordings(monkeypatch):
    """A new wording that nobody agreed to in its thirty days."""
    since = timezone.localdate() - timedelta(days=31)
    monkeypatch.setitem(CONSENT_TEXTS, "2099-01", (since, "x"))


def become_staff(ada):
    type(ada).objects.filter(pk=ada.pk).update(is_staff=True)


@pytest.mark.parametrize("reason", ["staff", "wording"])
def test_whose_face_may_not_be_compared_needs_the_mailed_code(
    client, second_factor, ada, mailoutbox, monkeypatch, reason
):
    become_staff(ada) if reason == "staff" else lapse_wordings(monkeypatch)
    assert give_password(client).url == "/sign-in/second/code/"
    assert not is_signed_in(client)
    assert b"Back to your face" not in client.get("/sign-in/second/code/").content
    with_code(client, mailoutbox)
    assert is_signed_in(client)


def test_nobody_is_asked_for_a_code_that_cannot_be_mailed(client, second_factor, ada):
    become_staff(ada)
    type(ada).objects.update(email="")
    give_password(client)
    assert is_signed_in(client)


@pytest.mark.parametrize("means", ["face", "code"])
def test_a_changed_password_ends_the_sign_in_that_waits(client, second_factor, ada, mailoutbox, means):
    give_password(client)
    ada.set_password("another battery staple")
    ada.save()
    show_face(client) if means == "face" else with_code(client, mailoutbox)
    assert not is_signed_in(client)


@pytest.mark.parametrize("kind", [{"is_staff": True}, {}], ids=["staff", "without a face"])
def test_whoever_has_no_usable_face_needs_the_password_only(client, second_factor, version, kind):
    UserFactory(username="bob", **kind)
    give_password(client, "bob")
    assert is_signed_in(client)


def test_a_mailed_code_does_in_place_of_the_face(client, second_factor, ada, mailoutbox):
    give_password(client)
    with_code(client, mailoutbox)
    assert is_signed_in(client)


def with_code(client, mailoutbox, change=lambda code: code):
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        client.post("/sign-in/second/code/")
    code = re.search(r"code is (\w+)", mailoutbox[-1].body)[1]
    return client.post("/sign-in/second/code/", {"code": change(code)})


def test_a_wrong_code_opens_nothing_and_five_spoil_it(client, second_factor, ada, mailoutbox):
    give_password(client)
    with_code(client, mailoutbox, change=lambda code: "WRONG")
    for _ in range(4):
        client.post("/sign-in/second/code/", {"code": "WRONG"})
    code = re.search(r"code is (\w+)", mailoutbox[-1].body)[1]
    client.post("/sign-in/second/code/", {"code": code})
    assert not is_signed_in(client)


def test_no_code_is_sent_before_the_password(client, second_factor, ada, mailoutbox):
    assert client.post("/sign-in/second/code/").url == "/accounts/login/"
    assert mailoutbox == []


def test_an_authenticator_app_makes_the_face_unnecessary(client, second_factor, ada):
    TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
    assert give_password(client).url == "/accounts/2fa/authenticate/"
    client.post("/accounts/2fa/authenticate/", {"code": totp("JBSWY3DPEHPK3PXP")})
    assert is_signed_in(client)


def totp(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_a_face_alone_does_not_pass_an_authenticator_app(client, ada):
    TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
    assert show_face(client).url == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)


def test_secrets_of_second_factors_are_encrypted_and_rotated(settings, ada):
    TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in str(Authenticator.objects.values_list("data"))
    new = "bmV3IGtleSBmb3IgdGVzdHMgb2YgMzIgYnl0ZXMgISE="
    settings.FACE_ENCRYPTION_KEYS = [new, *settings.FACE_ENCRYPTION_KEYS]
    assert keys_rotate()["mfa.Authenticator"] == 1
    settings.FACE_ENCRYPTION_KEYS = [new]
    assert Authenticator.objects.get().wrap().validate_code(totp("JBSWY3DPEHPK3PXP"))


def test_the_owner_hears_of_a_face_sign_in_on_a_new_device_once(
    client, ada, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as first:
        show_face(client)
    client.post("/accounts/logout/")
    with django_capture_on_commit_callbacks() as again:
        show_face(client)
    told = [callback for callbacks in (first, again) for callback in callbacks if "_send" in repr(callback)]
    told[0]()
    assert len(told) == 1
    assert mailoutbox[0].subject == "FaceVerify: You signed in on a new device"


def test_a_made_up_device_cookie_is_no_known_device(client, ada, django_capture_on_commit_callbacks):
    client.cookies["device"] = signing.dumps([ada.pk], salt="another")
    with django_capture_on_commit_callbacks() as waiting:
        show_face(client)
    assert any("_send" in repr(callback) for callback in waiting)


@pytest.mark.parametrize(
    "path", ["/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"]
)
def test_the_pages_of_second_factors_open(browser_of, stranger, path):
    browser = browser_of(stranger)
    if "activate" in path or "add" in path:
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize(("policy", "errors"), [("second_factor", []), ("sometimes", ["verification.E002"])])
def test_it_refuses_to_start_with_an_unknown_policy(settings, policy, errors):
    settings.FACE_SIGN_IN = policy
    assert [error.id for error in check_face_sign_in()] == errors
