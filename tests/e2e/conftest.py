"""Fixtures of the end-to-end tests: the running site, and browsers whose camera shows real faces."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.e2e.stack import Stack
from tests.faces import jpeg

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def site() -> Iterator[Stack]:
    stack = Stack()
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def guided_site() -> Iterator[Stack]:
    """The site as it is shipped: whoever signs in by face answers a challenge."""
    stack = Stack(liveness="required")
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def browser(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens a browser whose camera shows these pictures one after another, or that has no camera."""
    opened: list[Browser] = []

    def open_page(
        camera: list[bytes] | None = None, *, url: str, width: int = 1280, moving: bool = False
    ) -> Page:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        if camera:
            arguments += [
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={_film(camera, tmp_path / f'{len(opened)}.mjpeg', moving=moving)}",
            ]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        opened.append(chromium)
        page = chromium.new_context(base_url=url, viewport={"width": width, "height": 900}).new_page()
        page.set_default_timeout(40_000)
        return page

    yield open_page
    for chromium in opened:
        chromium.close()


def _film(pictures: list[bytes], path: Path, *, moving: bool) -> Path:
    """A camera's film: the frames of a clip as they are, or each picture, letterboxed to 640 x 480, for a second."""
    if moving:
        path.write_bytes(b"".join(pictures))
        return path
    with path.open("wb") as film:
        for picture in pictures:
            frame = Image.new("RGB", (640, 480), (96, 96, 96))
            face = Image.open(io.BytesIO(picture)).convert("RGB")
            face.thumbnail((640, 480))
            face = face.resize((480 * face.width // face.height, 480)) if face.height < 480 else face
            frame.paste(face, ((640 - face.width) // 2, (480 - face.height) // 2))
            film.write(jpeg(frame) * 20)
    return path
