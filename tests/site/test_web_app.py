"""The installable site: its manifest, its service worker, and the page that stands in without a connection."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from PIL import Image, ImageChops

from faceverify_site.web_app import GROUND
from scripts.make_icons import ICONS, MARK, draw_icon

pytestmark = pytest.mark.django_db


def file_of(address: str) -> bytes:
    path = finders.find(address.removeprefix(settings.STATIC_URL))
    assert path, address
    return Path(path).read_bytes()


def test_it_names_icons_of_the_sizes_they_have(browser_of):
    answer = browser_of().get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    for icon in answer.json()["icons"]:
        width, height = Image.open(io.BytesIO(file_of(icon["src"]))).size
        assert icon["sizes"] == f"{width}x{height}"


def test_it_sends_shortcuts_to_pages_that_are_there(browser_of, owner):
    browser = browser_of(owner)
    for shortcut in browser.get("/manifest.webmanifest").json()["shortcuts"]:
        assert browser.get(shortcut["url"]).status_code in {200, 302}


def test_it_wears_the_colours_of_the_pages(browser_of):
    tokens = (settings.BASE_DIR / "static/css/tokens.css").read_text()
    light, dark = re.search(r"--ground: light-dark\((#\w+), (#\w+)\)", tokens).groups()
    assert light == GROUND
    assert re.findall(r'name="theme-color" content="(#\w+)"', browser_of().get("/").content.decode()) == [
        light,
        dark,
    ]


@pytest.mark.parametrize("name", ICONS)
def test_it_has_icons_drawn_from_the_mark(name):
    side_px, is_round = ICONS[name]
    drawn = draw_icon(ElementTree.parse(MARK).getroot(), side_px, is_round=is_round)
    kept = Image.open(settings.BASE_DIR / "static/icons" / name)
    assert max(high for _, high in ImageChops.difference(drawn, kept.convert("RGBA")).getextrema()) <= 8


def test_it_serves_the_worker_for_the_whole_site(browser_of):
    answer = browser_of().get("/service-worker.js")
    assert answer["Content-Type"] == "text/javascript"
    assert "no-cache" in answer["Cache-Control"]


def test_it_keeps_nothing_but_static_files_and_the_offline_page(browser_of, owner):
    worker = browser_of(owner).get("/service-worker.js").content.decode()
    kept = re.search(r"const FILES = \[(.*)\]", worker)[1].replace('"', "").split(", ")
    assert 'const OFFLINE = "/offline/";' in worker
    assert len(kept) >= 6
    assert all(file_of(path) for path in kept)
    assert not re.search(r"\.put\(|\.add\(", worker)


def test_it_shows_the_same_offline_page_to_everybody(browser_of, owner):
    pages = {browser_of(user).get("/offline/").content for user in (None, owner)}
    assert len(pages) == 1
    assert "csrf" not in pages.pop().decode()
