"""The challenge in a real browser: a real person's clip for a camera gets in, a photograph does not."""

import time
from itertools import count

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.faces import SHARED, jpeg, portrait, portraits

pytestmark = pytest.mark.e2e
CLIP = SHARED / "liveness" / "videos" / "bona_fide" / "krzysiek_turns_and_up.mp4"
needs_clip = pytest.mark.skipif(not CLIP.exists(), reason="needs the clips in ../shared/data/liveness")
# Seconds of the clip: ahead, to the left, to the right, up, back again. The pauses between are left out.
SPANS = ((0, 0.75), (2.15, 2.95), (3.05, 3.95), (4.0, 5.5))
WITHIN_SECONDS = 8
STARTED = "0.43"


def clip(*spans: tuple[float, float]) -> list[bytes]:
    """The clip's frames within these spans, as JPEG files."""
    capture = cv2.VideoCapture(str(CLIP))
    rate = capture.get(cv2.CAP_PROP_FPS)
    frames: list[bytes] = []
    for number in count():
        there, frame = capture.read()
        if not there:
            return frames
        if any(start <= number / rate < end for start, end in spans):
            frames.append(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    raise AssertionError("a clip ends")


def filmed(frames: list[bytes], *, times: int = 4) -> list[bytes]:
    """The frames in a loop, with a camera's noise: no two pictures of a camera are the same."""
    noise, film = np.random.default_rng(), []
    for _ in range(times):
        for frame in frames:
            picture = np.asarray(cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR), np.float32)
            noisy = np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
            film.append(cv2.imencode(".jpg", noisy)[1].tobytes())
    return film


def anchors() -> list[bytes]:
    """Three moments at which the person looks ahead; at none of them the film for the camera runs."""
    return [clip((second, second + 0.1))[0] for second in (0.8, 1.3, 2.0)]


def start(page, name: str) -> None:
    page.goto("/sign-in/face/")
    page.get_by_test_id("login-name").fill(name)
    page.get_by_test_id("login-continue").click()
    journey.camera_on(page)
    page.get_by_test_id("verify-now").click()


@needs_clip
def test_it_lets_a_person_in_who_follows_the_instructions(guided_site, browser, tmp_path):
    journey.enroll(browser(url=guided_site.url), "mover", anchors(), tmp_path)
    page = browser(filmed(clip(*SPANS)), url=guided_site.url, moving=True)
    outside = []
    page.on("request", lambda request: outside.append(request.url))
    start(page, "mover")
    began = time.monotonic()
    page.wait_for_url(f"{guided_site.url}/", timeout=60_000)
    assert time.monotonic() - began < WITHIN_SECONDS
    assert all(url.startswith((guided_site.url, "blob:", "data:")) for url in outside)
    expect(page.get_by_text("mover").first).to_be_visible()


def test_it_never_lets_a_photograph_in(guided_site, browser, tmp_path):
    journey.enroll(browser(url=guided_site.url), "still", portraits(), tmp_path)
    page = browser([jpeg(portrait())], url=guided_site.url)
    start(page, "still")
    expect(page.locator("[data-stage]")).to_have_attribute("data-progress", STARTED, timeout=journey.SLOW)
    page.wait_for_timeout(4000)
    assert page.locator("[data-stage]").get_attribute("data-state") == "guide"
    assert page.locator("[data-stage-instruction]").get_attribute("data-hint") in {
        "turn_left",
        "turn_right",
        "look_up",
    }


def test_it_can_be_cancelled_with_the_key_q(guided_site, browser, tmp_path):
    page = browser([jpeg(portrait())], url=guided_site.url)
    start(page, "nobody")
    expect(page.get_by_test_id("instruction")).to_be_visible()
    page.keyboard.press("q")
    expect(page.locator("video")).to_have_js_property("srcObject", None)


def test_it_offers_the_password_without_a_camera(guided_site, browser):
    page = browser(url=guided_site.url)
    page.goto("/sign-in/face/")
    page.get_by_test_id("login-name").fill("nobody")
    page.get_by_test_id("login-continue").click()
    expect(page.get_by_test_id("camera-message")).to_contain_text("password")
    expect(page.get_by_test_id("use-password")).to_be_visible()


def test_it_says_what_is_in_the_way(guided_site, browser):
    page = browser(url=guided_site.url)
    page.goto("/sign-in/face/")
    hints = page.evaluate(
        """async () => {
          const { obstacle } = await import("/static/js/guide.js");
          const good = { height: 0.5, centre: { x: 0.5, y: 0.5 }, turn: 0, tilt: 0, mouth: 0 };
          const faces = [good, null, { height: 0.1 }, { height: 0.95 }, { centre: { x: 0.1, y: 0.5 } }, { turn: 0.5 }];
          const seen = faces.map((face) => obstacle(face && { ...good, ...face }, 120));
          return [...seen, obstacle(good, 10)];
        }"""
    )
    assert hints == [None, "no_face", "closer", "further", "centre", "ahead", "more_light"]


def test_it_keeps_the_frames_of_the_wanted_movements_alone(guided_site, browser):
    page = browser(url=guided_site.url)
    page.goto("/sign-in/face/")
    kept = page.evaluate(
        """async () => {
          const { Guide } = await import("/static/js/guide.js");
          const guide = new Guide(["turn_left", "look_up"]);
          const at = (turn, tilt) => ({ height: 0.5, centre: { x: 0.5, y: 0.5 }, turn, tilt, mouth: 0 });
          const poses = [[0, 0], [0, 0], [0, 0], [-0.5, 0], [0.5, 0], [0, 0.5], [0.5, 0], [0.5, 0], [0, 0.5], [0, 0.5]];
          return poses.map(([turn, tilt]) => guide.step(at(turn, tilt), 120, 0).keep).concat(guide.done);
        }"""
    )
    assert kept == [True, True, True, False, True, False, True, False, True, True, True]
