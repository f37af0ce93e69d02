"""Who am I, and what can I do?"""

import pytest
from allauth.account.models import EmailAddress

from enrollment.models import Consent
from tests.apps import app, signed_in
from tests.conftest import show_password
from tests.factories import ConsentFactory, SampleFactory

pytestmark = pytest.mark.django_db
ME = "/api/v1/me"


def enrolled(owner):
    for _ in range(3):
        sample = SampleFactory(subject=owner.subject)
        sample.accept(crop=b"crop", quality={})
        sample.save()


def test_it_tells_the_owner(owner, browser_of):
    answer = browser_of(owner).get(ME).json()
    assert (answer["username"], answer["email"], answer["email_verified"]) == (
        owner.username, owner.email, False,
    )  # fmt: skip
    assert answer["consents"]["sign_in"]["given"] is True
    assert answer["anchors"]["remaining"] == 3
    assert answer["face_sign_in"] == {"possible": False, "policy": "passwordless"}


def test_it_knows_a_verified_address(owner, browser_of):
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    assert browser_of(owner).get(ME).json()["email_verified"] is True


def test_it_knows_whether_a_face_will_do(owner, browser_of):
    enrolled(owner)
    assert browser_of(owner).get(ME).json()["face_sign_in"]["possible"] is True


def test_a_face_will_not_do_without_consent(owner, browser_of):
    enrolled(owner)
    Consent.objects.all().delete()
    assert browser_of(owner).get(ME).json()["face_sign_in"]["possible"] is False


def test_a_face_will_not_do_where_it_is_switched_off(owner, browser_of, settings):
    enrolled(owner)
    settings.FACE_SIGN_IN = "off"
    assert browser_of(owner).get(ME).json()["face_sign_in"] == {"possible": False, "policy": "off"}


def test_a_face_will_not_do_for_staff(staff, browser_of):
    ConsentFactory(subject__user=staff)
    enrolled(staff)
    assert browser_of(staff).get(ME).json()["face_sign_in"]["possible"] is False


def test_it_tells_each_only_of_themselves(owner, stranger, browser_of):
    assert browser_of(stranger).get(ME).json()["username"] == stranger.username


def test_it_asks_anonymous_people_to_sign_in(browser_of):
    assert browser_of().get(ME).status_code == 401


def test_it_tells_how_a_session_was_opened(owner):
    session = app(token=signed_in(owner)).get(ME).json()["session"]
    assert [method["method"] for method in session["methods"]] == ["password"]
    assert (session["face_only"], session["fresh"]) == (False, True)


def test_a_face_opens_no_fresh_session(owner, browser_of):
    browser = browser_of(owner)
    show_password(browser, owner, method="face")
    session = browser.get(ME).json()["session"]
    assert (session["face_only"], session["fresh"]) == (True, False)
