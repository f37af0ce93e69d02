"""The admin's pages about devices, second factors and addresses: in the site's theme, and without secrets."""

import subprocess
import sys

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from unfold.admin import ModelAdmin

from tests.conftest import show_password
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
SECRET = "not for other eyes"
DEVICES, FACTORS = "/admin/usersessions/usersession/", "/admin/mfa/authenticator/"
ADDRESSES = "/admin/account/emailaddress/"


@pytest.fixture
def chief():
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def browser(chief, browser_of):
    return browser_of(chief)


@pytest.fixture
def factor(owner):
    return Authenticator.objects.create(user=owner, type="totp", data={"secret": SECRET})


@pytest.fixture
def device(owner, browser_of):
    """Somebody's browser, and the row that tells of it."""
    client = browser_of(owner)
    client.get("/accounts/sessions/")
    return client, UserSession.objects.get(user=owner)


def test_the_admin_may_be_imported_before_all_others():
    first = "import django; django.setup(); import enrollment.admin"
    subprocess.run([sys.executable, "-c", first], check=True)


def test_every_page_is_in_the_sites_theme(browser):
    assert browser.get("/admin/").status_code == 200  # which loads them
    plain = [model for model, page in admin.site._registry.items() if not isinstance(page, ModelAdmin)]
    assert plain == []


@pytest.mark.parametrize("model", ["periodictask", "crontabschedule", "intervalschedule"])
def test_what_runs_by_the_clock_can_be_added(browser, model):
    assert browser.get(f"/admin/django_celery_beat/{model}/add/").status_code == 200


def schedule(browser, task):
    """Asks the admin to run a task every day."""
    daily = CrontabSchedule.objects.create()
    row = {"name": "mine", "regtask": "", "task": task, "crontab": daily.pk}
    page = "/admin/django_celery_beat/periodictask/add/"
    return browser.post(page, row | {"args": "[]", "kwargs": "{}", "headers": "{}"})


@pytest.mark.parametrize(
    ("task", "made"),
    [("verification.tasks.purge", 1), ("verification.tasks.attempt_decide", 0), ("celery.starmap", 0)],
)
def test_only_what_is_made_for_it_runs_by_the_clock(browser, task, made):
    schedule(browser, task)
    assert PeriodicTask.objects.filter(name="mine").count() == made


def test_the_clock_asks_for_the_password_again(browser, chief):
    show_password(browser, chief, seconds_ago=3600)
    assert "/reauthenticate/" in schedule(browser, "verification.tasks.purge").headers["Location"]
    assert not PeriodicTask.objects.filter(name="mine").exists()


def test_a_device_is_signed_out(browser, device, owner):
    client, row = device
    answer = browser.post(DEVICES, {"action": "end", "_selected_action": [row.pk]}, follow=True)
    assert "1 device signed out." in answer.content.decode()
    assert client.get("/face/").status_code == 302
    assert not UserSession.objects.filter(user=owner).exists()


def test_a_session_key_stands_on_no_page(browser, device):
    _, row = device
    for page in (DEVICES, f"{DEVICES}{row.pk}/change/"):
        assert row.session_key not in browser.get(page).content.decode()


def test_the_secret_of_a_factor_stands_on_no_page(browser, factor):
    page = browser.get(f"{FACTORS}{factor.pk}/change/")
    assert page.status_code == 200
    assert SECRET not in page.content.decode()


def test_a_factor_cannot_be_made_up_or_changed(browser, factor):
    assert browser.get(f"{FACTORS}add/").status_code == 403
    browser.post(f"{FACTORS}{factor.pk}/change/", {"data": "{}"})
    factor.refresh_from_db()
    assert factor.data == {"secret": SECRET}


def test_a_lost_factor_is_removed(browser, factor):
    browser.post(f"{FACTORS}{factor.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.exists()


def test_a_stolen_session_of_staff_changes_none_of_it(browser, chief, factor, device):
    address = EmailAddress.objects.create(user=device[1].user, email="ada@example.org")
    show_password(browser, chief, seconds_ago=3600)
    for page, data in (
        (DEVICES, {"action": "end", "_selected_action": [device[1].pk]}),
        (f"{FACTORS}{factor.pk}/delete/", {"post": "yes"}),
        (f"{ADDRESSES}{address.pk}/change/", {"email": "eve@example.org", "user": address.user_id}),
    ):
        assert browser.post(page, data).url.startswith("/accounts/reauthenticate/")
    address.refresh_from_db()
    assert address.email == "ada@example.org"
    assert Authenticator.objects.exists()
