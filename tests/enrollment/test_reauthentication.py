"""What a session may do depends on how it was opened, and how long ago."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.models import AuditEvent, Sample, User
from tests.apps import app, signed_in
from tests.conftest import show_password
from tests.faces import jpeg, portrait
from tests.factories import PASSWORD, SampleFactory, UserFactory

pytestmark = pytest.mark.django_db
AN_HOUR = 3600


@pytest.fixture
def sample(owner):
    return SampleFactory(subject=owner.subject)


@pytest.fixture(params=[{"seconds_ago": AN_HOUR}, {"method": "face"}], ids=["long ago", "by face"])
def stolen(request, owner, browser_of):
    """A session whose holder has not shown a password lately."""
    browser = browser_of(owner)
    show_password(browser, owner, **request.param)
    return browser


def test_a_stolen_session_adds_no_anchor(stolen):
    picture = SimpleUploadedFile("face.jpg", jpeg(portrait()), "image/jpeg")
    answer = stolen.post("/api/v1/samples", {"image": picture})
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
    assert not Sample.objects.exists()


def test_a_stolen_session_removes_no_anchor(stolen, sample):
    assert stolen.delete(f"/api/v1/samples/{sample.pk}").json()["code"] == "reauthentication_required"
    assert Sample.objects.exists()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/face/consent/", {"sign_in": "on", "training": "on"}),
        ("/face/consent/withdraw/", {"purpose": "sign_in"}),
        ("/face/erase/", {}),
    ],
)
def test_a_stolen_session_changes_nothing_on_pages(stolen, sample, path, data):
    assert stolen.post(path, data).url.startswith("/accounts/reauthenticate/")
    assert not AuditEvent.objects.exists()
    assert Sample.objects.exists()


def test_it_goes_on_after_the_password(stolen, sample):
    stolen.post("/face/erase/")
    stolen.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/face/erase/"})
    assert not Sample.objects.exists()


def test_it_asks_to_confirm_on_the_page_of_pictures(stolen):
    assert b'data-testid="confirm-first"' in stolen.get("/face/").content


def test_signing_up_counts_as_showing_the_password(client, mailoutbox):
    new = {"email": "new@example.org", "username": "new", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", new)
    assert client.post("/face/consent/", {"sign_in": "on"}).url == "/face/"
    assert b'data-testid="confirm-first"' not in client.get("/face/").content


def test_it_mails_the_owner_when_anchors_come_and_go(
    broker, owner, browser_of, django_capture_on_commit_callbacks
):
    picture = SimpleUploadedFile("face.jpg", jpeg(portrait()), "image/jpeg")
    browser = browser_of(owner)
    with django_capture_on_commit_callbacks(execute=True):
        sample = browser.post("/api/v1/samples", {"image": picture}).json()["samples"][0]
        browser.delete(f"/api/v1/samples/{sample['id']}")
    subjects = [message.subject for message in mail.outbox]
    assert subjects == [
        "FaceVerify: Pictures of your face were added",
        "FaceVerify: A picture of your face was removed",
    ]


@pytest.mark.parametrize("path", ["/admin/", "/admin/enrollment/user/"])
def test_a_face_alone_opens_no_admin(browser_of, path):
    user = UserFactory()
    browser = browser_of(user)
    show_password(browser, user, method="face")
    type(user).objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert browser.get(path).status_code == 302
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("add/", {"username": "another", "password1": PASSWORD, "password2": PASSWORD}),
        ("{}/change/", {"username": "another", "is_superuser": "on", "is_staff": "on"}),
        ("{}/password/", {"password1": "of the thief's own", "password2": "of the thief's own"}),
        ("{}/delete/", {"post": "yes"}),
        ("", {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}),
    ],
    ids=["add", "change", "password", "delete", "delete_selected"],
)
def test_a_stolen_session_of_staff_changes_no_account(owner, browser_of, path, form):
    chief = UserFactory(is_staff=True, is_superuser=True)
    browser = browser_of(chief)
    show_password(browser, chief, seconds_ago=AN_HOUR)
    answer = browser.post(f"/admin/enrollment/user/{path}".format(owner.pk), form)
    assert "/accounts/reauthenticate/" in answer["Location"]
    owner.refresh_from_db()
    assert (owner.is_superuser, owner.check_password(PASSWORD)) == (False, True)
    assert User.objects.count() == 2
    assert "account_reauthentication_state" not in browser.session


def test_the_old_address_hears_of_a_new_one_and_the_owner_of_a_new_password(
    browser_of, mailoutbox, django_capture_on_commit_callbacks
):
    """Else a stolen session could turn all later notices away, and nobody would know."""
    ada = UserFactory(username="ada", email="ada@example.org")
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True, verified=False)
    browser = browser_of(ada)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        new = {
            "oldpassword": PASSWORD,
            "password1": "another long phrase",
            "password2": "another long phrase",
        }
        browser.post("/accounts/password/change/", new)
        browser.post("/accounts/email/", {"email": "thief@example.org", "action_add": ""})
        EmailAddress.objects.filter(email="thief@example.org").update(verified=False)
        browser.post("/accounts/email/", {"email": "thief@example.org", "action_primary": ""})
    ada.refresh_from_db()
    assert ada.email == "thief@example.org"
    told = [message.subject for message in mailoutbox if message.to == ["ada@example.org"]]
    assert len(told) == 2


@pytest.fixture
def without_password(owner):
    """Somebody who has nothing to show but a face."""
    owner.set_unusable_password()
    owner.save()
    return owner


@pytest.fixture
def by_face(without_password, browser_of):
    browser = browser_of(without_password)
    show_password(browser, without_password, method="face")
    return browser


NEW = "correct horse battery"


@pytest.mark.parametrize(
    ("page", "posted"),
    [
        ("/accounts/password/set/", {"password1": NEW, "password2": NEW}),
        ("/accounts/email/", {"action_add": "", "email": "thief@example.org"}),
        ("/accounts/2fa/totp/activate/", {"code": "123456"}),
        ("/face/account/delete/", {}),
    ],
)
def test_a_face_alone_takes_over_no_account_without_a_password(without_password, by_face, page, posted):
    before = User.objects.get(pk=without_password.pk).password
    assert by_face.post(page, posted).status_code == 403
    assert User.objects.get(pk=without_password.pk).password == before
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()


def test_an_app_sets_no_password_by_face(owner):
    token = signed_in(owner)
    owner.set_unusable_password()
    owner.save()
    session = SessionStore(token)
    session["account_authentication_methods"] = [{"method": "face", "at": time.time()}]
    session["_auth_user_hash"] = owner.get_session_auth_hash()
    session.save()
    phone = app(token=token)
    phone.post(
        "/_allauth/app/v1/account/password/change", {"new_password": NEW}, content_type="application/json"
    )
    owner.refresh_from_db()
    assert not owner.has_usable_password()


def test_whoever_just_got_a_link_by_mail_chooses_a_first_password(client, without_password, mailoutbox):
    client.post("/accounts/password/reset/", {"email": without_password.email})
    link = re.search(r"/accounts/password/reset/key/\S+", mailoutbox[-1].body)[0]
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    without_password.refresh_from_db()
    assert without_password.check_password(NEW)
