import pytest

from enrollment.models import AuditEvent, Sample
from tests.conftest import show_password
from tests.factories import SampleFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/me/consents"


def put(browser, **body):
    return browser.put(URL, body, content_type="application/json")


def test_it_lists_what_is_agreed_to(owner, browser_of):
    answer = browser_of(owner).get(URL).json()
    assert answer["sign_in"]["given"] is True
    assert answer["sign_in"]["text_version"] == answer["text_version"]
    assert answer["training"] == {"given": False}


def test_training_is_off_unless_asked_for(stranger, browser_of):
    assert put(browser_of(stranger), sign_in=True).json()["training"] == {"given": False}


def test_each_is_given_and_withdrawn_on_its_own(owner, browser_of):
    browser = browser_of(owner)
    SampleFactory(subject=owner.subject)
    assert put(browser, sign_in=True, training=True).json()["training"]["given"]
    assert not put(browser, sign_in=True, training=False).json()["training"]["given"]
    assert Sample.objects.exists()


def test_withdrawing_sign_in_erases_the_face(owner, browser_of):
    SampleFactory(subject=owner.subject)
    assert put(browser_of(owner), sign_in=False).json()["sign_in"] == {"given": False}
    assert not Sample.objects.exists()
    assert AuditEvent.objects.filter(action="consent_withdraw", subject_id=owner.subject.pk).exists()


@pytest.mark.parametrize("body", [{}, {"sign_in": "perhaps"}])
def test_it_wants_a_clear_answer(owner, browser_of, body):
    assert put(browser_of(owner), **body).status_code == 400


def test_it_asks_for_the_password_again(owner, browser_of):
    browser = browser_of(owner)
    show_password(browser, owner, seconds_ago=3600)
    assert put(browser, sign_in=True, training=True).json()["code"] == "reauthentication_required"


@pytest.mark.parametrize("method", ["get", "put"])
def test_it_is_for_people_who_are_signed_in(browser_of, db, method):
    assert getattr(browser_of(), method)(URL).status_code in {401, 403}
