"""The main job in a real browser: sign up, consent, enroll, sign out, sign in by face; and nobody else gets in."""

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.faces import jpeg, lfw, lfw_people, needs_lfw, portrait, portraits

pytestmark = pytest.mark.e2e


def test_it_enrolls_by_camera_and_upload_and_signs_in_by_face(site, browser, tmp_path):
    page = browser([jpeg(portrait())], url=site.url)
    journey.sign_up(page, "eileen")
    journey.consent(page)
    journey.capture(page)
    expect(journey.cards(page, "accepted")).to_have_count(1, timeout=journey.SLOW)
    journey.upload(page, portraits()[1:], tmp_path)
    expect(journey.cards(page, "accepted")).to_have_count(3, timeout=journey.SLOW)

    journey.sign_out(page)
    journey.face_sign_in(page, "eileen")
    page.wait_for_url(f"{site.url}/", timeout=journey.SLOW)
    expect(page.get_by_text("eileen").first).to_be_visible()


def test_it_stops_the_camera_with_the_key_q(site, browser):
    page = browser([jpeg(portrait())], url=site.url)
    journey.sign_up(page, "quentin")
    journey.consent(page)
    page.get_by_test_id("camera-start").click()
    journey.camera_on(page)
    page.keyboard.press("q")
    expect(page.locator("video")).to_have_js_property("srcObject", None)


def test_it_verifies_the_signed_in_person_with_the_key_v(site, browser, tmp_path):
    page = browser([jpeg(portrait())], url=site.url)
    journey.enroll(page, "vera", portraits(), tmp_path)
    page.goto("/verify/")
    page.get_by_test_id("camera-start").click()
    journey.camera_on(page)
    page.wait_for_timeout(500)
    page.keyboard.press("v")
    expect(page.get_by_test_id("result")).to_have_attribute("data-result", "match", timeout=journey.SLOW)


def test_it_keeps_working_without_a_camera(site, browser, tmp_path):
    page = browser(url=site.url)
    journey.sign_up(page, "cam-less")
    journey.consent(page)
    page.get_by_test_id("camera-start").click()
    expect(page.get_by_test_id("camera-message")).to_be_visible()
    journey.upload(page, portraits()[:1], tmp_path)
    expect(journey.cards(page, "accepted")).to_have_count(1, timeout=journey.SLOW)


def test_it_sends_a_confirmation_mail(site, browser):
    page = browser(url=site.url)
    journey.sign_up(page, "mailed")
    assert "mailed@example.org" in site.mails()


def test_it_signs_in_by_password(site, browser):
    page = browser(url=site.url)
    journey.sign_up(page, "patrick")
    journey.sign_out(page)
    journey.sign_in_by_password(page, "patrick")
    expect(page.get_by_text("patrick").first).to_be_visible()


@needs_lfw
def test_it_signs_in_several_people_and_refuses_strangers(site, browser, tmp_path):
    people = lfw_people(4, images=8)
    for number, name in enumerate(people):
        page = browser(url=site.url)
        journey.enroll(page, f"lfw{number}", lfw(name, 6), tmp_path)
    for number, name in enumerate(people):
        own, other = lfw(name, 8)[6:], lfw(people[number - 1], 8)[6:]
        page = browser(own, url=site.url)
        journey.face_sign_in(page, f"lfw{number}")
        page.wait_for_url(f"{site.url}/", timeout=journey.SLOW)
        stranger = browser(other, url=site.url)
        result = journey.face_sign_in(stranger, f"lfw{number}")
        expect(result).to_have_attribute("data-result", "no_match", timeout=journey.SLOW)
