"""Whoever signs in on a new device, by whatever means: the owner hears of it once."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal import auth as webauthn
from django.db import connection
from django.test import Client

from tests import apps
from tests.factories import PASSWORD, UserFactory, enrolled_subject
from tests.verification.test_face_policy import give_password, show_face, totp

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
NEW = "FaceVerify: You signed in on a new device"


@pytest.fixture
def told(mailoutbox):
    """Subject and first sentence of the mails since the last question, as if all transactions were committed."""

    def ask() -> list[tuple[str, str]]:
        mailoutbox.clear()
        waiting, connection.run_on_commit = connection.run_on_commit, []
        for entry in waiting:
            if "_send" in repr(entry[1]):
                entry[1]()
        return [(mail.subject, mail.body.split("\n\n")[1]) for mail in mailoutbox]

    return ask


def told_of(means: str) -> list[tuple[str, str]]:
    return [(NEW, f"Your account was signed in to on a new device, with {means}.")]


@pytest.fixture
def ada(db):
    return UserFactory(username="ada")


def sign_out(client) -> None:
    client.post("/accounts/logout/")


def test_a_password_on_a_new_device_is_told_once(client, ada, told):
    give_password(client)
    assert told() == told_of("a password")
    sign_out(client)
    give_password(client)
    assert told() == []


def test_another_device_is_told_again(client, ada, told):
    give_password(client)
    told()
    give_password(Client())
    assert told() == told_of("a password")


def test_somebody_elses_device_is_new(client, ada, told):
    UserFactory(username="bob")
    give_password(client, "bob")
    sign_out(client)
    told()
    give_password(client)
    assert told() == told_of("a password")


def test_staff_are_told_too(client, told):
    UserFactory(username="chief", is_staff=True, is_superuser=True)
    give_password(client, "chief")
    assert told() == told_of("a password")


def test_an_authenticator_app_is_named(client, ada, told):
    TOTP.activate(ada, SECRET)
    give_password(client)
    assert told() == []  # nobody is signed in yet
    client.post("/accounts/2fa/authenticate/", {"code": totp(SECRET)})
    assert told() == told_of("a password and an authenticator app")


def test_a_passkey_is_named(client, ada, told, monkeypatch):
    """The browser's part of the ceremony is stood in for."""
    key = Authenticator.objects.create(user=ada, type=Authenticator.Type.WEBAUTHN, data={"name": "key"})
    monkeypatch.setattr(webauthn, "parse_authentication_response", lambda credential: None)
    monkeypatch.setattr(webauthn, "extract_user_from_response", lambda credential: ada)
    monkeypatch.setattr(webauthn, "complete_authentication", lambda user, credential: key)
    client.post("/accounts/2fa/webauthn/login/", {"credential": '{"id": "x"}'})
    assert told() == told_of("a passkey")


def test_a_face_after_the_password_is_named(client, settings, version, portrait_embedding, told):
    settings.FACE_SIGN_IN = "second_factor"
    enrolled_subject(version, portrait_embedding, username="ada")
    give_password(client)
    show_face(client)
    assert told() == told_of("a password and a face")


def test_a_face_alone_is_named(client, version, portrait_embedding, told):
    enrolled_subject(version, portrait_embedding, username="ada")
    show_face(client)
    assert told() == told_of("a face")


def test_signing_up_is_no_news(client, told):
    form = {"email": "new@example.org", "username": "newcomer", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    assert "_auth_user_id" in client.session
    assert told() == []
    sign_out(client)
    give_password(client, "newcomer")
    assert told() == []


def test_a_wrong_password_is_no_sign_in(client, ada, told):
    client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    assert told() == []


def test_a_password_in_an_app_is_told(ada, told):
    apps.give_password("ada")
    assert told() == told_of("a password")


def test_signing_up_in_an_app_is_no_news(db, told):
    body = {"email": "new@example.org", "username": "newcomer", "password": PASSWORD}
    answer = apps.app().post(f"{apps.AUTH}/signup", body, content_type="application/json")
    assert answer.status_code == 200
    assert told() == []
