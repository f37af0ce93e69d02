"""A face in an app: the token comes once, to whoever showed it, and where a face is enough."""

import base64

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.apps import AUTH, SESSIONS, app, give_password, signed_in, won
from tests.crowd import at_once
from tests.faces import jpeg, portrait
from tests.factories import enrolled_subject
from tests.verification.test_face_policy import totp
from verification.models import Attempt, VerificationSession

pytestmark = pytest.mark.django_db
ME = "/api/v1/me"


@pytest.fixture
def second_factor(settings):
    settings.FACE_SIGN_IN = "second_factor"


def test_a_face_yields_a_token_that_opens_the_api(ada):
    answer = app().get(won(app()))
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    me = app(token=answer.json()["session_token"]).get(ME).json()
    assert me["username"] == "ada"
    assert me["session"]["face_only"] is True


def test_it_takes_a_picture_in_base64(ada):
    opened = (
        app().post(SESSIONS, {"purpose": "sign_in", "login": "ada"}, content_type="application/json").json()
    )
    body = {"image": base64.b64encode(jpeg(portrait())).decode()}
    answer = app().post(f"{SESSIONS}/{opened['id']}/frames", body, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (202, "in_progress")


def test_the_token_comes_once(ada):
    address = won(app())
    assert app().get(address).json()["session_token"]
    assert app().get(address).json()["session_token"] is None


def test_asking_for_the_headers_alone_uses_no_token_up(ada):
    address = won(app())
    assert app().head(address).status_code == 405
    assert app().get(address).json()["session_token"]


@pytest.mark.django_db(transaction=True)
def test_the_token_comes_once_to_twenty_at_once(version, portrait_embedding, broker):
    enrolled_subject(version, portrait_embedding, username="ada")
    address = won(app())

    tokens = at_once(lambda _: app().get(address).json()["session_token"], range(20))
    assert len([token for token in tokens if token]) == 1


def test_the_answer_is_not_to_be_stored(ada):
    assert app().get(won(app()))["Cache-Control"] == "no-store"


def test_another_device_neither_reads_the_session_nor_gets_the_token(ada):
    address = won(app())
    other = app(device="another secret of thirty-two characters")
    assert other.get(address).status_code == 404
    picture = SimpleUploadedFile("x.jpg", jpeg(portrait()))
    assert other.post(f"{address}/frames", {"image": picture}).status_code == 404
    assert app().get(address).json()["session_token"]


def test_a_browser_gets_no_token_and_leaves_the_success_to_its_page(client, ada):
    address = won(client)
    assert client.get(address).json()["session_token"] is None
    client.post("/sign-in/face/finish/", {"session": address.rpartition("/")[2]})
    assert "_auth_user_id" in client.session


def test_a_token_of_somebody_else_reads_no_session(ada, stranger):
    assert app(token=signed_in(stranger)).get(won(app())).status_code == 404


def test_there_is_no_token_for_a_face_that_does_not_match(version, other_embedding):
    enrolled_subject(version, other_embedding, username="ada")
    answer = app().get(won(app())).json()
    assert (answer["state"], answer["session_token"]) == ("failed", None)


def test_there_is_no_token_for_a_stale_success(ada, settings):
    address = won(app())
    VerificationSession.objects.update(expires_at="2020-01-01T00:00Z")
    assert app().get(address).json()["session_token"] is None


def test_there_is_no_token_for_staff(ada):
    address = won(app())
    ada.is_staff = True
    ada.save()
    answer = app().get(address).json()
    assert (answer["session_token"], answer["next_step"]) == (None, None)


def test_there_is_no_token_for_a_closed_account(ada):
    address = won(app())
    ada.is_active = False
    ada.save()
    assert app().get(address).json()["session_token"] is None


def test_there_is_no_token_once_the_policy_has_changed(ada, settings):
    address = won(app())
    settings.FACE_SIGN_IN = "off"
    answer = app().get(address)
    assert (answer.status_code, answer.json()["code"]) == (403, "face_sign_in_closed")


def test_an_authenticator_app_is_asked_for_after_the_face(ada):
    TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
    answer = app().get(won(app())).json()
    step = answer["next_step"]
    assert answer["session_token"] is None
    assert (step["code"], step["flow"]) == ("sign_in_step_required", "mfa_authenticate")
    assert app(token=step["session_token"]).get(ME).status_code == 401
    finished = app(token=step["session_token"]).post(
        f"{AUTH}/2fa/authenticate", {"code": totp("JBSWY3DPEHPK3PXP")}, content_type="application/json"
    )
    assert app(token=finished.json()["meta"]["session_token"]).get(ME).status_code == 200


def test_a_mail_address_is_asked_for_after_the_face_where_the_site_wants_it(ada, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    EmailAddress.objects.create(user=ada, email=ada.email, verified=False, primary=True)
    answer = app().get(won(app())).json()
    assert (answer["session_token"], answer["next_step"]["flow"]) == (None, "verify_email")


def test_the_password_asks_for_the_face(ada, second_factor):
    answer = give_password("ada")
    pending = [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]
    assert (answer.status_code, pending) == (401, ["face"])
    assert app(token=answer.json()["meta"]["session_token"]).get(ME).status_code == 401


def test_password_and_face_sign_in(ada, second_factor):
    half = app(token=give_password("ada").json()["meta"]["session_token"])
    answer = half.get(won(half, login="")).json()
    me = app(token=answer["session_token"]).get(ME).json()
    assert [method["method"] for method in me["session"]["methods"]] == ["password", "face"]
    assert half.get(ME).status_code == 401


def test_another_ones_face_does_not_finish_the_sign_in(ada, second_factor, version, portrait_embedding):
    twin = enrolled_subject(version, portrait_embedding, username="twin").user
    half = app(token=give_password("ada").json()["meta"]["session_token"])
    address = won(half, login="")
    VerificationSession.objects.update(user=twin)
    assert half.get(address).status_code == 403


def test_a_face_without_the_password_is_not_even_asked_for(ada, second_factor):
    answer = app().post(SESSIONS, {"purpose": "sign_in", "login": "ada"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "face_sign_in_closed")


def test_a_full_sign_in_in_an_app_lifts_the_lock(ada, version):
    from verification.models import FailureCount
    from verification.services.failures import account_key

    FailureCount.objects.create(pk=account_key(ada, ""), failures=60)
    give_password("ada")
    assert not FailureCount.objects.exists()


def test_the_owner_hears_of_a_new_app_once(ada, mailoutbox, django_capture_on_commit_callbacks):
    for expected in (1, 1):
        with django_capture_on_commit_callbacks() as waiting:
            app().get(won(app()))
        for callback in waiting:
            if "_send" in repr(callback):
                callback()
        assert len([mail for mail in mailoutbox if "new device" in mail.subject]) == expected


@pytest.mark.parametrize("purpose", ["step_up", "verify"])
def test_it_verifies_the_person_of_a_token_and_tells_the_verdict_alone(ada, purpose):
    client = app(token=signed_in(ada))
    answer = client.get(won(client, login="", purpose=purpose)).json()
    assert (answer["state"], answer["session_token"]) == ("succeeded", None)


def test_stepping_up_asks_for_the_challenge(ada, settings):
    settings.LIVENESS = "required"
    client = app(token=signed_in(ada))
    opened = client.post(SESSIONS, {"purpose": "step_up"}, content_type="application/json").json()
    assert len(opened["challenge"]["actions"]) == 2


def test_stepping_up_is_for_the_signed_in():
    answer = app().post(SESSIONS, {"purpose": "step_up"}, content_type="application/json")
    assert answer.status_code == 401


def test_stepping_up_counts(version, other_embedding):
    subject = enrolled_subject(version, other_embedding, username="ada")
    client = app(token=signed_in(subject.user))
    for _ in range(5):
        won(client, login="", purpose="step_up")
    answer = client.post(SESSIONS, {"purpose": "step_up"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert Attempt.objects.filter(decision="match").count() == 0


def test_another_app_of_the_same_person_reads_no_step_up(ada):
    client, other = app(token=signed_in(ada)), app(token=signed_in(ada))
    assert other.get(won(client, login="", purpose="step_up")).status_code == 404


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", ["account/phone", "auth/phone/verify", "auth/phone/verify/resend"])
def test_there_are_no_phone_numbers(ada, method, address):
    phone = app(token=app().get(won(app())).json()["session_token"])
    body = (
        {"data": '{"phone": "+46701740605"}', "content_type": "application/json"} if method != "get" else {}
    )
    assert getattr(phone, method)(f"/_allauth/app/v1/{address}", **body).status_code == 404
