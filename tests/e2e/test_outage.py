"""Parts of the site go away: what people gave is kept, passwords work, and nobody is let in."""

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait, portraits

pytestmark = pytest.mark.e2e


class Outage:
    """Stops parts of the site, and starts them again."""

    def __init__(self, site: Stack) -> None:
        self.site = site
        self.stopped: list[str] = []

    def __call__(self, name: str) -> None:
        self.site.stop(name)
        self.stopped.append(name)

    def end(self) -> None:
        while self.stopped:
            self.site.start(self.stopped.pop())


@pytest.fixture
def without(site: Stack):
    outage = Outage(site)
    yield outage
    outage.end()


def test_it_keeps_pictures_while_the_worker_is_away(site, browser, without, tmp_path):
    page = browser(url=site.url)
    journey.sign_up(page, "patient")
    journey.consent(page)
    without("biometric")
    journey.upload(page, portraits(), tmp_path)
    expect(journey.cards(page, "pending")).to_have_count(3, timeout=journey.SLOW)
    without.end()
    expect(journey.cards(page, "accepted")).to_have_count(3, timeout=2 * journey.SLOW)


def test_it_lets_nobody_in_while_the_worker_is_away(site, browser, without, tmp_path):
    page = browser([jpeg(portrait())], url=site.url)
    journey.enroll(page, "hurried", portraits(), tmp_path)
    journey.sign_out(page)
    without("biometric")
    result = journey.face_sign_in(page, "hurried")
    expect(result).to_have_attribute("data-result", "unavailable", timeout=2 * journey.SLOW)
    page.goto("/face/")
    page.wait_for_url("**/accounts/login/**")


def test_it_says_so_at_once_while_the_broker_is_away(site, browser, without, tmp_path):
    if site.environment.get("REDIS_URL"):
        pytest.skip("the broker is somebody else's: REDIS_URL is set")
    page = browser([jpeg(portrait())], url=site.url)
    journey.enroll(page, "brokerless", portraits(), tmp_path)
    journey.sign_out(page)
    without("broker")
    result = journey.face_sign_in(page, "brokerless")
    expect(result).to_have_attribute("data-result", "unavailable", timeout=journey.SLOW)
    journey.sign_in_by_password(page, "brokerless")


def test_it_keeps_pictures_while_the_broker_is_away(site, browser, without, tmp_path):
    if site.environment.get("REDIS_URL"):
        pytest.skip("the broker is somebody else's: REDIS_URL is set")
    page = browser(url=site.url)
    journey.sign_up(page, "unqueued")
    journey.consent(page)
    without("broker")
    journey.upload(page, portraits()[:1], tmp_path)
    expect(journey.cards(page, "pending")).to_have_count(1, timeout=journey.SLOW)
    without.end()
    expect(journey.cards(page, "accepted")).to_have_count(1, timeout=2 * journey.SLOW)
