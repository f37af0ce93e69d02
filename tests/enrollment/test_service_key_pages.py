"""Making, rotating and revoking service keys in the admin."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment.models import AuditEvent, ServiceKey
from tests.conftest import show_password
from tests.factories import service_key

pytestmark = pytest.mark.django_db
MAKE = "/admin/enrollment/servicekey/make/"


@pytest.fixture
def keeper(staff):
    wanted = ["view_servicekey", "add_servicekey", "change_servicekey"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    return staff


def opens(secret: str) -> bool:
    return Client().get("/api/v1/subjects", headers={"X-API-Key": secret}).status_code == 200


def page(key: ServiceKey, step: str) -> str:
    return reverse(f"admin:enrollment_servicekey_{step}", args=[key.pk])


def asked(**changes) -> dict[str, object]:
    expires = timezone.localdate() + timedelta(days=30)
    return {"name": "shop", "scopes": ["subjects:write"], "expires": expires.isoformat()} | changes


def test_it_makes_a_key_and_shows_its_secret_once(keeper, browser_of):
    browser = browser_of(keeper)
    answer = browser.post(MAKE, asked())
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert opens(secret)
    key = ServiceKey.objects.get()
    assert (key.created_by, key.scopes) == (keeper, ["subjects:write"])
    for name in ("change", "changelist"):
        where = reverse(f"admin:enrollment_servicekey_{name}", args=[key.pk] if name == "change" else [])
        assert secret not in browser.get(where).content.decode()


def test_it_offers_a_year(keeper, browser_of):
    form = browser_of(keeper).get(MAKE).context["form"]
    assert form["expires"].value() == timezone.localdate() + timedelta(days=365)


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"scopes": []}, {"scopes": ["all"]}, {"expires": "2020-01-01"}], ids=str
)
def test_it_makes_no_key_of_a_form_that_is_not_filled_in(keeper, browser_of, change):
    answer = browser_of(keeper).post(MAKE, asked(**change))
    assert "secret" not in answer.context
    assert not ServiceKey.objects.exists()


def test_it_rotates_with_and_without_grace(keeper, browser_of):
    browser = browser_of(keeper)
    key, first = service_key("subjects:write")
    second = browser.post(page(key, "rotate"), {"grace_hours": 24}).context["secret"]
    assert (opens(first), opens(second)) == (True, True)
    third = browser.post(page(key, "rotate"), {"grace_hours": 0}).context["secret"]
    assert (opens(first), opens(second), opens(third)) == (False, False, True)


def test_it_gives_no_more_than_three_days_of_grace(keeper, browser_of):
    key, first = service_key("subjects:write")
    answer = browser_of(keeper).post(page(key, "rotate"), {"grace_hours": 73})
    assert "secret" not in answer.context
    assert opens(first)


def test_it_revokes_for_good(keeper, browser_of):
    browser = browser_of(keeper)
    key, secret = service_key("subjects:write")
    browser.post(page(key, "revoke"))
    assert not opens(secret)
    assert browser.post(page(key, "rotate"), {"grace_hours": 0}).status_code == 403
    steps = AuditEvent.objects.filter(action="service_key", object_id=key.prefix, actor_id=keeper.pk)
    assert [event.details["step"] for event in steps] == ["revoked"]


def test_it_asks_for_the_permissions(staff, browser_of):
    key, secret = service_key("subjects:write")
    staff.user_permissions.set(Permission.objects.filter(codename="view_servicekey"))
    browser = browser_of(staff)
    assert browser.get(page(key, "change")).status_code == 200
    answers = [browser.post(MAKE, asked()), *(browser.post(page(key, step)) for step in ("rotate", "revoke"))]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert opens(secret)
    assert ServiceKey.objects.count() == 1


def test_it_asks_for_the_password_again(keeper, browser_of):
    browser = browser_of(keeper)
    show_password(browser, keeper, seconds_ago=3600)
    key, secret = service_key("subjects:write")
    answers = [
        browser.post(MAKE, asked()),
        browser.post(page(key, "rotate"), {"grace_hours": 0}),
        browser.post(page(key, "revoke")),
    ]
    assert all("/accounts/reauthenticate/" in answer["Location"] for answer in answers)
    assert opens(secret)
    assert ServiceKey.objects.count() == 1
