"""Retraining in a real browser, from the button to a sign-in under the new version, and back."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import journey
from tests.e2e.stack import Stack
from tests.enrollment.training import folder_of, names, needs_people
from tests.faces import jpeg, portrait, portraits

pytestmark = [pytest.mark.e2e, needs_people, pytest.mark.timeout(420)]
RUNS, VERSIONS = "/admin/enrollment/trainingrun/", "/admin/enrollment/modelversion/"
TRAINED_MS, PROMOTED_MS = 240_000, 60_000


@pytest.fixture
def site(tmp_path):
    """A site of its own, small enough for sixty people, with both sets imported."""
    stack = Stack()
    stack.environment |= {
        "FACE_TARGET_FMR": "0.01",
        "RETRAINING_MIN_SUBJECTS": "40",
        "DJANGO_SUPERUSER_PASSWORD": journey.PASSWORD,
    }
    try:
        stack.up()
        stack.manage("createsuperuser", "--noinput", "--username", "chief", "--email", "chief@example.org")
        evaluation = folder_of(names(60), tmp_path / "frozen")
        stack.manage("import_evaluation_set", str(evaluation), "--aligned")
        people = folder_of(names(60, first=100), tmp_path / "sixty")
        stack.manage("import_training_set", str(people), "--aligned")
        yield stack
    finally:
        stack.down()


def press(page: Page, name: str) -> None:
    """A button of a version's page, then the one that confirms it."""
    page.locator(f"a[href$='/{name.lower().replace(' ', '-')}/']").first.click()
    switch = page.locator("input[name=accepts_looser]")
    if switch.count():
        switch.check(force=True)
    page.get_by_role("button", name=name, exact=True).click()


def retrain(page: Page) -> None:
    """Asks for one epoch on the imported people and watches the run to its end."""
    page.goto(f"{RUNS}retrain/")
    page.locator("input[name=uses_site]").uncheck(force=True)
    page.locator("select[name=training_set]").select_option(label="sixty (60 people)")
    page.locator("input[name=epochs]").fill("1")
    page.get_by_role("button", name="Start training").click()
    page.goto(f"{RUNS}1/change/")
    bar = page.locator("progress")
    expect(bar).to_be_visible(timeout=journey.SLOW)
    expect(bar).not_to_have_attribute("value", "0", timeout=TRAINED_MS)
    expect(page.get_by_text("Succeeded")).to_be_visible(timeout=TRAINED_MS)


def signs_in(page: Page) -> None:
    journey.face_sign_in(page, "eileen")
    page.wait_for_url(journey.HOME, timeout=journey.SLOW)
    journey.sign_out(page)


def test_it_retrains_promotes_and_rolls_back_with_nobody_locked_out(site, browser, tmp_path):
    person = browser([jpeg(portrait())], url=site.url)
    journey.enroll(person, "eileen", portraits(), tmp_path)
    journey.sign_out(person)
    chief = browser(url=site.url)
    journey.sign_in_by_password(chief, "chief")

    retrain(chief)
    chief.get_by_role("link", name="mobilefacenet-run-1").first.click()
    expect(chief.get_by_text("Passed.")).to_be_visible()
    expect(chief.locator("figure")).to_have_count(3)

    press(chief, "Promote")
    expect(chief.get_by_text("Promoted on")).to_be_visible(timeout=PROMOTED_MS)
    signs_in(person)

    press(chief, "Roll back")
    expect(chief.get_by_text("is active again")).to_be_visible()
    signs_in(person)
