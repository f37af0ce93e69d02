"""The admin's page "Identify a face", and the record of past searches."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.jobs import gallery
from tests import faces
from tests.faces import jpeg, portrait
from tests.factories import UserFactory, enrolled_subject
from verification import jobs
from verification.models import Identification
from verification.services import identification_submit

pytestmark = pytest.mark.django_db
URL = "/admin/verification/identification/"


@pytest.fixture(autouse=True)
def _fresh_gallery():
    gallery._known.clear()  # ids begin anew with every test


@pytest.fixture
def boss(db):
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def ada(version, portrait_embedding):
    return enrolled_subject(version, portrait_embedding, username="ada")


def picture(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("probe.jpg", jpeg(portrait()) if data is None else data)


def ask(boss, data: bytes | None = None) -> str:
    asked = identification_submit(boss, picture(data))
    jobs.identification_decide(asked.pk)
    return asked.pk


def test_it_takes_a_picture_and_shows_its_result(ada, boss, browser_of):
    answer = browser_of(boss).post(f"{URL}identify/", {"image": picture()})
    asked = Identification.objects.get()
    jobs.identification_decide(asked.pk)
    page = browser_of(boss).get(answer.url).content.decode()
    assert answer.url.endswith(f"?id={asked.pk}")
    assert "ada" in page
    assert "matched" in page


@pytest.mark.parametrize(("data", "words"), [(b"text", "JPEG, PNG or WebP"), (b"", "empty")])
def test_it_says_what_is_wrong_with_a_file(version, boss, browser_of, data, words):
    page = browser_of(boss).post(f"{URL}identify/", {"image": picture(data)})
    assert words in page.content.decode()
    assert not Identification.objects.exists()


def test_it_says_why_a_picture_will_not_do(ada, boss, browser_of):
    page = browser_of(boss).get(f"{URL}identify/?id={ask(boss, faces.no_face())}")
    assert "No face was found" in page.content.decode()


def test_it_shows_no_search_of_somebody_else(ada, boss, browser_of):
    other = UserFactory(is_staff=True, is_superuser=True)
    page = browser_of(other).get(f"{URL}identify/?id={ask(boss)}").content.decode()
    assert "There is no such" in page


def test_it_lists_past_searches_to_read_only(ada, boss, browser_of):
    asked = ask(boss)
    browser = browser_of(boss)
    assert boss.username in browser.get(URL).content.decode()
    page = browser.get(f"{URL}{asked}/change/").content.decode()
    assert re.search(r"ada, (1\.000|0\.99\d), 0\.564, matched", page)
    assert browser.post(f"{URL}{asked}/delete/", {"post": "yes"}).status_code == 403


def test_it_is_linked_for_those_who_may(boss, staff, browser_of):
    assert f"{URL}identify/" in browser_of(boss).get("/admin/").content.decode()
    assert f"{URL}identify/" not in browser_of(staff).get("/admin/").content.decode()


def test_it_is_closed_to_everybody_else(staff, owner, browser_of):
    assert browser_of().get(f"{URL}identify/").status_code == 302
    assert browser_of(owner).get(f"{URL}identify/", follow=True).status_code == 403
    assert browser_of(staff).get(f"{URL}identify/").status_code == 403
