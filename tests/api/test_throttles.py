"""How often one caller may ask."""

import pytest
from django.core.cache import caches

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/consents"
OPEN = "/api/v1/verification-sessions"


@pytest.fixture(autouse=True)
def rates(settings):
    caches["throttles"].clear()
    settings.API_RATES = {"person": "3/min", "service_key": "5/min", "anonymous": "4/min"}
    yield
    caches["throttles"].clear()


def statuses(client, times: int, *, url: str = ME, **headers) -> list[int]:
    return [client.get(url, **headers).status_code for _ in range(times)]


def test_it_asks_an_account_that_asks_too_often_to_wait(browser_of, owner):
    client = browser_of(owner)
    assert statuses(client, 4) == [200, 200, 200, 429]
    answer = client.get(ME)
    assert (answer["Content-Type"], answer.json()["code"]) == (
        "application/problem+json",
        "too_many_requests",
    )
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer.json()["retry_after_seconds"] == int(answer["Retry-After"])


def test_it_counts_each_account_for_itself(browser_of, owner):
    assert statuses(browser_of(owner), 4)[-1] == 429
    assert statuses(browser_of(UserFactory()), 1) == [200]


def test_it_counts_an_account_in_all_its_browsers(browser_of, owner):
    assert statuses(browser_of(owner), 3) == [200] * 3
    assert statuses(browser_of(owner), 1) == [429]


def test_it_counts_addresses_where_nobody_is_signed_in(client):
    got = [client.post(OPEN, {"purpose": "sign_in"}).status_code for _ in range(5)]
    assert got == [400, 400, 400, 400, 429]
    assert client.post(OPEN, {}, REMOTE_ADDR="192.0.2.9").status_code == 400


def test_it_slows_down_who_is_refused_again_and_again(client):
    assert statuses(client, 5) == [401, 401, 401, 401, 429]
    assert statuses(client, 1, REMOTE_ADDR="192.0.2.9") == [401]


def test_a_made_up_forwarding_header_makes_nobody_else(client):
    got = [client.get(ME, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(5)]
    assert got[-1] == 429
