"""When and from where somebody's device was used, to the minute, without asking the database at each request."""

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/api/v1/me"


@pytest.fixture
def browser(browser_of):
    browser = browser_of(UserFactory())
    assert browser.get(PAGE).status_code == 200
    return browser


def questions(browser) -> list[str]:
    """What a request asks and writes about devices."""
    with CaptureQueriesContext(connection) as context:
        assert browser.get(PAGE).status_code == 200
    return [query["sql"] for query in context if "usersessions" in query["sql"]]


def seen(seconds_ago: float) -> None:
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=seconds_ago))


def test_it_asks_once_a_minute(browser):
    assert len(questions(browser)) == 1
    assert questions(browser) == []


def test_what_it_remembers_ends_with_the_minute(browser):
    seen(58)
    assert len(questions(browser)) == 1
    assert UserSession.objects.get().last_seen_at < timezone.now() - timedelta(seconds=57)
    time.sleep(2.2)
    browser.get(PAGE)
    assert UserSession.objects.get().last_seen_at > timezone.now() - timedelta(seconds=10)


def test_another_address_is_another_matter(browser):
    questions(browser)
    browser.get(PAGE, REMOTE_ADDR="192.0.2.7")
    assert UserSession.objects.get().ip == "192.0.2.7"
