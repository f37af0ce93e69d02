"""The content policy in a real browser: every page works under it, and nothing on any page breaks it."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.journey import PASSWORD, consent, sign_in_by_password, sign_up

pytestmark = pytest.mark.e2e


@pytest.fixture
def page_and_breaches(site, browser):
    page: Page = browser(url=site.url)
    breaches: list[str] = []
    page.on("console", lambda line: breaches.append(line.text) if line.type == "error" else None)
    page.on("response", lambda answer: breaches.append(answer.url) if answer.status == 404 else None)
    page.on("pageerror", lambda error: breaches.append(str(error)))
    return page, breaches


def test_no_page_of_people_breaks_the_policy(page_and_breaches):
    page, breaches = page_and_breaches
    for path in ("/", "/limits/", "/privacy/", "/accounts/login/", "/accounts/signup/", "/sign-in/face/"):
        page.goto(path)
    sign_up(page, "policy")
    consent(page)
    for path in ("/", "/face/", "/face/consent/", "/face/export/", "/verify/", "/compare/", "/accounts/2fa/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    assert breaches == []


def test_the_admin_works_under_its_policy(site, page_and_breaches):
    page, breaches = page_and_breaches
    script = (
        "from enrollment.models import User; "
        f"User.objects.create_superuser('root', 'root@example.org', '{PASSWORD}')"
    )
    site.manage("shell", "-c", script)
    sign_in_by_password(page, "root")
    for path in ("", "enrollment/auditevent/", "enrollment/user/1/change/", "verification/source/"):
        page.goto(f"/admin/{path}")
        page.wait_for_load_state("networkidle")
    page.goto("/admin/enrollment/sample/")
    expect(page.get_by_role("link", name="Audit log")).to_be_visible()
    assert breaches == []


def test_a_passkey_signs_in(site, page_and_breaches):
    page, breaches = page_and_breaches
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_up(page, "keyholder")
    page.goto("/accounts/reauthenticate/?next=/accounts/2fa/webauthn/add/")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.get_by_label("Passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url("**/2fa/**recovery-codes/**")
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_test_id("passkey-sign-in").click()
    expect(page.get_by_role("heading", name="Hello, keyholder")).to_be_visible()
    assert breaches == []
