"""Steps that people take on the site, in a browser."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PASSWORD = "correct horse battery"
SLOW = 60_000  # ms; an idle machine needs 2 s, a busy one of two old cores 20
HOME = re.compile(r"^http://[^/]+/$")


def sign_up(page: Page, name: str) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Username").fill(name)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(HOME)


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(HOME)


def sign_in_by_password(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(HOME)


def consent(page: Page) -> None:
    page.goto("/face/consent/")
    page.locator("input[name=sign_in]").check()
    page.get_by_test_id("consent-submit").click()
    page.wait_for_url("**/face/")


def cards(page: Page, state: str) -> Locator:
    return page.locator(f"[data-testid=anchor-card][data-state={state}]")


def camera_on(page: Page) -> None:
    """Waits for the camera's first picture."""
    expect(page.locator("video").first).not_to_have_js_property("videoWidth", 0)


def capture(page: Page) -> None:
    """Starts the camera and takes one picture with the key `a`."""
    before = page.get_by_test_id("anchor-card").count()
    page.get_by_test_id("camera-start").click()
    camera_on(page)
    page.wait_for_timeout(500)
    page.keyboard.press("a")
    expect(page.get_by_test_id("anchor-card")).to_have_count(before + 1)


def upload(page: Page, pictures: list[bytes], folder: Path) -> None:
    paths = []
    for number, picture in enumerate(pictures):
        path = folder / f"upload-{number}.jpg"
        path.write_bytes(picture)
        paths.append(path)
    page.get_by_test_id("file-input").set_input_files(paths)


def enroll(page: Page, name: str, pictures: list[bytes], folder: Path) -> None:
    """Signs up, consents and uploads; answers when the face is usable."""
    sign_up(page, name)
    consent(page)
    upload(page, pictures, folder)
    expect(cards(page, "accepted").nth(2)).to_be_visible(timeout=SLOW)
    expect(cards(page, "pending")).to_have_count(0, timeout=SLOW)


def face_sign_in(page: Page, name: str) -> Locator:
    """Goes through the face sign-in with the camera; answers the result."""
    page.goto("/sign-in/face/")
    page.get_by_test_id("login-name").fill(name)
    page.get_by_test_id("login-continue").click()
    camera_on(page)
    page.wait_for_timeout(500)
    page.get_by_test_id("verify-now").click()
    return page.get_by_test_id("result")
