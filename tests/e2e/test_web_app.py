"""The installable site in a real browser: the manifest stands, the worker works, and no page of a person is kept."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.journey import consent, sign_up

pytestmark = pytest.mark.e2e
KEPT = """async () => {
  const urls = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
  }
  return urls;
}"""


@pytest.fixture
def page(site, browser) -> Page:
    page = browser(url=site.url)
    page.goto("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def test_it_can_be_installed(page):
    devtools = page.context.new_cdp_session(page)
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest")
    assert manifest["errors"] == []
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors] == [
        "in-incognito"
    ]  # the test's own window is a private one
    worker = page.evaluate(
        "navigator.serviceWorker.ready.then(({ scope, active }) => [scope, active.scriptURL])"
    )
    assert worker == [page.url, f"{page.url}service-worker.js"]


def test_it_keeps_no_page_of_a_person(page):
    sign_up(page, "installer")
    consent(page)
    for path in ("/", "/face/", "/verify/", "/compare/", "/accounts/email/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    kept = page.evaluate(KEPT)
    assert kept.count("/offline/") == 1
    assert [path for path in kept if path != "/offline/" and not path.startswith("/static/")] == []


def test_it_shows_its_own_page_while_the_site_is_away(site, page):
    site.stop("web")
    try:
        page.goto("/privacy/")
        expect(page.get_by_role("heading", name="This site cannot be reached")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.button')).borderRadius") != "0px"
    finally:
        site.start("web")
        site.wait_for_web()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="What is stored about your face")).to_be_visible()
