"""Pictures that will not do: each is refused with words a person can act on, and nobody is let in."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests import faces
from tests.e2e import journey
from tests.faces import jpeg, portrait, portraits

pytestmark = pytest.mark.e2e


def gif() -> bytes:
    buffer = io.BytesIO()
    portrait().save(buffer, "GIF")
    return buffer.getvalue()


@pytest.fixture
def page(site, browser):
    return browser(url=site.url)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.jpg", b"", "empty"),
        ("renamed.jpg", b"only text", "JPEG, PNG or WebP"),
        ("animated.gif", gif(), "JPEG, PNG or WebP"),
        ("truncated.jpg", jpeg(portrait())[:4000], "damaged"),
        ("nobody.jpg", faces.no_face(), "No face found"),
        ("two.jpg", faces.two_people(), "More than one face"),
        ("cut.jpg", faces.cut_off(), "cut off"),
        ("blurred.jpg", faces.blurred(), "blurred"),
        ("tiny.jpg", faces.tiny(), "too small"),
        ("dark.jpg", faces.dark(), "too dark"),
    ],
    ids=lambda value: value if isinstance(value, str) and value[-4:] in {".jpg", ".gif"} else "",
)
def test_it_explains_why_a_picture_is_not_used(page, tmp_path, name, data, words):
    journey.sign_up(page, f"bad-{name.partition('.')[0]}")
    journey.consent(page)
    (tmp_path / name).write_bytes(data)
    page.get_by_test_id("file-input").set_input_files(tmp_path / name)
    expect(journey.cards(page, "rejected")).to_contain_text(words, timeout=journey.SLOW)


def test_it_asks_for_another_picture_at_sign_in(site, browser, tmp_path):
    page = browser([faces.no_face()], url=site.url)
    journey.enroll(page, "faceless", portraits(), tmp_path)
    journey.sign_out(page)
    result = journey.face_sign_in(page, "faceless")
    expect(result).to_have_attribute("data-result", "retry", timeout=journey.SLOW)
    expect(result).to_contain_text("No face found")


def test_it_answers_unknown_accounts_like_a_wrong_face(site, browser):
    page = browser([jpeg(portrait())], url=site.url)
    result = journey.face_sign_in(page, "nobody-of-this-name")
    expect(result).to_have_attribute("data-result", "no_match", timeout=journey.SLOW)


def test_it_says_when_the_camera_is_refused(site, browser):
    page = browser(url=site.url)
    page.goto("/sign-in/face/")
    page.get_by_test_id("login-name").fill("somebody")
    page.get_by_test_id("login-continue").click()
    expect(page.get_by_test_id("camera-message")).to_be_visible()


def test_it_takes_a_photo_of_many_megapixels(page, tmp_path):
    journey.sign_up(page, "big-camera")
    journey.consent(page)
    portrait().resize((4800, 3600), Image.Resampling.BICUBIC).save(tmp_path / "phone.jpg", quality=98)
    page.get_by_test_id("file-input").set_input_files(tmp_path / "phone.jpg")
    expect(journey.cards(page, "accepted")).to_have_count(1, timeout=journey.SLOW)
