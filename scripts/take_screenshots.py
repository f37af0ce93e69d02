"""Takes the pictures of the documentation anew, of a site of its own, with people who never lived.

    python -m scripts.take_screenshots

It needs Chromium and what the end-to-end tests need. Nobody's photograph is shown: see `scripts/heads`.
"""

import io
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from ml.types import Picture
from scripts.draw_sample_faces import FOLDER as FACES
from scripts.heads.people import OTTO, View
from scripts.heads.picture import draw
from tests.e2e import journey
from tests.e2e.stack import Stack

SCREENSHOTS = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
WIDE, PHONE = ViewportSize(width=1280, height=980), ViewportSize(width=390, height=844)
LIGHT, WARMTH = (0.2, 0.6, 0.8), (1, 0.98, 0.95)
MORE_VIEWS = (
    View(-20, 0, 2, key=LIGHT, warmth=WARMTH, backdrop=(0.55, 0.62, 0.58)),
    View(9, 6, -4, key=LIGHT, warmth=WARMTH, backdrop=(0.60, 0.58, 0.64)),
)


def main() -> None:
    faces = [np.asarray(Image.open(FACES / f"{name}.webp").convert("RGB")) for name in ("otto-1", "otto-2")]
    faces += [draw(OTTO, view, side=360) for view in MORE_VIEWS]
    site, folder = Stack(), Path(tempfile.mkdtemp())
    try:
        site.up()
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=[
                    "--no-sandbox",
                    "--use-fake-ui-for-media-stream",
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-video-capture={_film(faces[0], folder)}",
                ],
            )
            page = chromium.new_context(base_url=site.url, viewport=WIDE).new_page()
            _enrolled(page, faces, folder)
            _compared(page)
            chromium.close()
    finally:
        site.down()
        shutil.rmtree(folder)


def _enrolled(page: Page, faces: list[Picture], folder: Path) -> None:
    """The page of pictures, with the camera on."""
    journey.enroll(page, "otto", [_jpeg(face) for face in faces], folder)
    page.goto("/face/")
    page.get_by_test_id("camera-start").click()
    journey.camera_on(page)
    page.wait_for_timeout(4000)  # the face tracker is got, and finds the face
    _shoot(page, "enroll-light")


def _compared(page: Page) -> None:
    """The compare page with its verdict, as a phone shows it."""
    page.set_viewport_size(PHONE)
    page.goto("/compare/")
    page.get_by_test_id("image_a-otto-1").click()
    page.get_by_test_id("image_b-otto-2").click()
    page.get_by_test_id("match").click()
    expect(page.get_by_test_id("verdict")).to_have_attribute("data-result", "match", timeout=journey.SLOW)
    page.evaluate("window.scrollTo(0, 0)")  # the page's head stays where one has scrolled to
    page.wait_for_timeout(1000)  # the pointer slides to its place
    _shoot(page, "compare-phone", whole=True)


def _shoot(page: Page, name: str, *, whole: bool = False) -> None:
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=whole)
    with Image.open(path) as picture:  # 256 colours are enough, and a quarter of the bytes
        picture.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"docs/screenshots/{path.name}")


def _jpeg(face: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(face).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _film(face: Picture, folder: Path) -> Path:
    """A second of a camera, 640 x 480, that sees this face; the backdrop goes on to both sides."""
    aside = (640 - face.shape[1]) // 2
    frame = np.asarray(cv2.copyMakeBorder(face, 0, 0, aside, aside, cv2.BORDER_REPLICATE), np.uint8)
    path = folder / "camera.mjpeg"
    path.write_bytes(_jpeg(frame) * 20)
    return path


if __name__ == "__main__":
    main()
