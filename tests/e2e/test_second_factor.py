"""A site where the face comes after the password."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait, portraits

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def strict_site():
    stack = Stack()
    stack.environment |= {"FACE_SIGN_IN": "second_factor", "LIVENESS": "off"}
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


def give_password(page, name: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill(journey.PASSWORD)
    page.get_by_test_id("password-sign-in").click()
    page.wait_for_url("**/sign-in/second/")


def test_password_then_face_or_a_mailed_code_sign_in(strict_site, browser, tmp_path):
    page = browser([jpeg(portrait())], url=strict_site.url)
    journey.enroll(page, "sophie", portraits(), tmp_path)
    journey.sign_out(page)
    give_password(page, "sophie")
    page.get_by_test_id("login-continue").click()
    journey.camera_on(page)
    page.wait_for_timeout(500)
    page.get_by_test_id("verify-now").click()
    page.wait_for_url(journey.HOME)

    journey.sign_out(page)
    give_password(page, "sophie")
    page.get_by_test_id("use-code").click()
    page.get_by_test_id("code-send").click()
    page.get_by_label("Code").fill(re.findall(r"code is (\w+)", strict_site.mails())[-1])
    page.get_by_test_id("code-submit").click()
    page.wait_for_url(journey.HOME)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_mailed_code_is_at_hand_where_there_is_no_camera(strict_site, browser, tmp_path, width):
    name = f"cameraless{width}"
    page = browser(url=strict_site.url, width=width)
    journey.enroll(page, name, portraits(), tmp_path)
    journey.sign_out(page)
    give_password(page, name)
    page.get_by_test_id("login-continue").click()
    expect(page.get_by_test_id("camera-message")).to_contain_text("code by mail")
    shown = page.locator("main a:visible")
    expect(shown.filter(has_text="Use a code by mail instead")).to_be_in_viewport()
    expect(shown.filter(has_text="password")).to_have_count(0)  # it was given already
    page.get_by_test_id("use-code-now").click()
    page.wait_for_url("**/sign-in/second/code/")
    page.get_by_test_id("code-send").click()
    page.get_by_label("Code").fill(re.findall(r"code is (\w+)", strict_site.mails())[-1])
    page.get_by_test_id("code-submit").click()
    page.wait_for_url(journey.HOME)
