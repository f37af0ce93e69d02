"""The compare page in a real browser: two pictures, one verdict."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import faces
from tests.artifacts import small_artifact
from tests.e2e import journey
from tests.faces import jpeg, lfw, lfw_people, needs_lfw, portrait, portraits

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(site, browser):
    return browser([jpeg(portrait())], url=site.url)


def bring(page: Page, folder: Path, **pictures: bytes) -> None:
    for name, data in pictures.items():
        (folder / f"{name}.jpg").write_bytes(data)
        page.get_by_test_id(f"file-{name}").set_input_files(folder / f"{name}.jpg")


def test_it_matches_two_pictures_with_the_key_m(page, tmp_path):
    journey.sign_up(page, "matcher")
    page.goto("/compare/")
    bring(page, tmp_path, image_a=portraits()[0], image_b=portraits()[2])
    expect(page.get_by_test_id("match")).to_be_enabled()
    page.keyboard.press("m")
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-result", "match", timeout=journey.SLOW)
    expect(verdict.get_by_role("heading")).to_have_text("Matched")
    assert page.evaluate(
        "[...document.querySelectorAll('[data-verdict-crop]')].every(i => i.naturalWidth === 112)"
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras against NumPy 2
def test_it_tells_the_probability_of_a_model_that_learned_to_compare(site, page, tmp_path):
    study = small_artifact(tmp_path / "study-1", "koch4096", thresholds=(0.5, 0.5, 0.5))
    site.manage("register_model", str(study))
    journey.sign_up(page, "student")
    page.goto("/compare/")
    page.get_by_test_id("compare-model").select_option("study-1")
    bring(page, tmp_path, image_a=portraits()[0], image_b=portraits()[0])
    page.get_by_test_id("match").click()
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-result", "match", timeout=journey.SLOW)
    expect(verdict.get_by_text("Probability", exact=True)).to_be_visible()
    expect(verdict.get_by_text("Distance", exact=True)).to_be_hidden()
    expect(verdict).to_contain_text("study-1")
    assert page.evaluate("document.querySelector('[data-verdict-crop]').naturalWidth") == 105


def test_it_takes_a_picture_with_the_camera(page, tmp_path):
    journey.sign_up(page, "snapper")
    page.goto("/compare/")
    bring(page, tmp_path, image_b=portraits()[1])
    page.get_by_test_id("camera-image_a").click()
    journey.camera_on(page)
    page.wait_for_timeout(500)
    page.keyboard.press("c")
    page.get_by_test_id("match").click()
    expect(page.get_by_test_id("verdict")).to_have_attribute("data-result", "match", timeout=journey.SLOW)


def test_it_says_which_picture_will_not_do(page, tmp_path):
    journey.sign_up(page, "choosy")
    page.goto("/compare/")
    bring(page, tmp_path, image_a=portraits()[0], image_b=faces.no_face())
    page.get_by_test_id("match").click()
    expect(page.get_by_test_id("slot-image_b")).to_contain_text("No face was found", timeout=journey.SLOW)
    expect(page.get_by_test_id("slot-image_a").get_by_role("alert")).to_be_hidden()
    expect(page.get_by_test_id("verdict")).to_contain_text("Picture B cannot be compared")


@pytest.mark.parametrize(
    ("other", "result"), [("otto-2", "match"), ("runa-1", "no_match")], ids=["same", "different"]
)
def test_it_can_be_tried_with_drawn_faces(page, other, result):
    journey.sign_up(page, f"curious-{result}")
    page.goto("/compare/")
    page.get_by_test_id("image_a-otto-1").click()
    page.get_by_test_id(f"image_b-{other}").click()
    page.get_by_test_id("match").click()
    expect(page.get_by_test_id("verdict")).to_have_attribute("data-result", result, timeout=journey.SLOW)


@needs_lfw
def test_it_tells_two_people_apart(page, tmp_path):
    one, other = lfw_people(2, images=2)
    journey.sign_up(page, "doubter")
    page.goto("/compare/")
    bring(page, tmp_path, image_a=lfw(one, 1)[0], image_b=lfw(other, 1)[0])
    page.get_by_test_id("match").click()
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-result", "no_match", timeout=journey.SLOW)
    expect(verdict.get_by_role("heading")).to_have_text("Not matched")
