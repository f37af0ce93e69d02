"""The pages for developers: rendered from the documents of the repository."""

import re

import pytest
from django.conf import settings
from django.urls import resolve

import verification.errors  # noqa: F401 - defines more of them
from enrollment.errors import DomainError
from faceverify_site.developers import DOCS, ROUTES, rendered
from faceverify_site.errors import STATUS_BY_CODE

pytestmark = pytest.mark.django_db
PAGES = ["/developers/", "/developers/webhooks/"]


@pytest.mark.parametrize("path", PAGES)
def test_it_leads_nowhere_that_is_not_there(path, browser_of):
    html = browser_of().get(path).content.decode()
    for target in re.findall(r'href="(/[^"#]*)', html):
        if not target.startswith(settings.STATIC_URL):
            resolve(target)
    ids = set(re.findall(r' id="([^"]+)"', html))
    assert {anchor for anchor in re.findall(r'href="#([^"]+)"', html) if anchor != "main"} <= ids


@pytest.mark.parametrize("path", PAGES)
def test_it_has_nothing_inline_and_no_address_but_its_own(path, browser_of, settings):
    settings.SITE_URL = "https://faces.example.org"
    rendered.cache_clear()
    html = browser_of().get(path).content.decode()
    rendered.cache_clear()
    assert "localhost" not in html
    assert " style=" not in html
    assert "<script>" not in html


def test_it_shows_html_in_a_document_as_text(tmp_path, monkeypatch):
    (tmp_path / "evil.md").write_text("# Title\n\n<script>alert(1)</script>\n\n```bash\n<b>\n```\n")
    monkeypatch.setattr("faceverify_site.developers.DOCS", tmp_path)
    title, html = rendered("evil.md")
    assert title == "Title"
    assert "<script>" not in html
    assert "<b>" not in html


@pytest.mark.parametrize("name", ROUTES)
def test_it_links_only_to_documents_that_exist(name):
    for target in re.findall(r"\]\(([\w/.]+\.md)", (DOCS / name).read_text()):
        assert (DOCS / target).is_file()


def test_it_tells_refusals_as_the_site_gives_them():
    told = re.findall(r"^\| (\d{3}) `(\w+)`", (DOCS / "verify_your_first_face.md").read_text(), re.MULTILINE)
    known = {kind.code for kind in DomainError.__subclasses__()}
    assert len(told) >= 5
    for status, code in told:
        assert code in known
        assert STATUS_BY_CODE.get(code, 422) == int(status)
