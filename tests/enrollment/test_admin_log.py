"""The admin's own log, which outlives the people whom it tells of."""

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from enrollment.models import User, WebhookEndpoint
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
USERS, ADDRESSES = "/admin/enrollment/user/", "/admin/account/emailaddress/"
FACTORS, HOOKS = "/admin/mfa/authenticator/", "/admin/enrollment/webhookendpoint/"


@pytest.fixture
def browser(browser_of):
    return browser_of(UserFactory(is_staff=True, is_superuser=True))


def told() -> list[str]:
    return sorted(LogEntry.objects.values_list("object_repr", flat=True))


def test_it_names_accounts_by_number(browser):
    browser.post(f"{USERS}add/", {"username": "ada", "password1": PASSWORD, "password2": PASSWORD})
    ada = User.objects.get(username="ada")
    new = {"password1": "another long phrase", "password2": "another long phrase", "usable_password": "true"}
    browser.post(f"{USERS}{ada.pk}/password/", new)
    browser.post(f"{USERS}{ada.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=ada.pk).exists()
    assert told() == [f"account {ada.pk}"] * 3
    assert "ada" not in "".join(LogEntry.objects.values_list("change_message", flat=True))


@pytest.mark.parametrize("count", [1, 2])
def test_it_names_accounts_by_number_when_many_go_at_once(browser, count):
    people = [UserFactory().pk for _ in range(count)]
    browser.post(USERS, {"action": "delete_selected", "_selected_action": people, "post": "yes"})
    assert told() == [f"account {person}" for person in people]


def test_it_names_addresses_and_second_factors_by_number(browser, stranger):
    address = EmailAddress.objects.create(user=stranger, email="ada@example.org")
    factor = Authenticator.objects.create(user=stranger, type="totp", data={})
    browser.post(f"{ADDRESSES}{address.pk}/change/", {"email": "ada.lovelace@example.org"})
    browser.post(f"{FACTORS}{factor.pk}/delete/", {"post": "yes"})
    assert told() == [f"address {address.pk}", f"second factor {factor.pk}"]


def test_it_names_what_is_nobodys(browser):
    endpoint = WebhookEndpoint.objects.create(url="https://example.org/hook", kinds=[])
    browser.post(f"{HOOKS}{endpoint.pk}/delete/", {"post": "yes"})
    assert told() == [str(endpoint)]
    assert LogEntry.objects.get().get_change_message() == ""


def test_what_it_told_before_is_taken_back(staff):
    for model in (User, EmailAddress, WebhookEndpoint):
        kind = ContentType.objects.get_for_model(model)
        LogEntry.objects.create(
            user=staff, content_type=kind, object_id="7", object_repr="ada@example.org", action_flag=CHANGE
        )
    import_module("enrollment.migrations.0013_unname_admin_log").unname(apps, None)
    assert told() == ["account 7", "ada@example.org", "address 7"]
