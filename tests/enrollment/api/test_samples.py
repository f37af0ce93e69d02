import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.models import Sample
from tests.faces import jpeg, portrait, portraits
from tests.factories import SampleFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/samples"


def picture(data: bytes | None = None) -> dict[str, SimpleUploadedFile]:
    return {"image": SimpleUploadedFile("face.jpg", jpeg(portrait()) if data is None else data, "image/jpeg")}


def test_it_takes_a_picture(owner, browser_of):
    answer = browser_of(owner).post(URL, picture())
    assert answer.status_code == 202
    assert answer.json()["samples"][0]["state"] == "pending"
    assert answer.json()["anchors"] == {
        "accepted": 0, "pending": 1, "minimum": 3, "maximum": 10, "usable": False, "remaining": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [(b"", 422, "empty_file"), (b"text", 415, "unsupported_type"), (bytes(6 * 2**20), 413, "file_too_large")],
    ids=["empty", "text", "large"],
)
def test_it_explains_what_is_wrong_with_a_file(owner, browser_of, data, status, code):
    answer = browser_of(owner).post(URL, picture(data))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Sample.objects.exists()


def test_it_takes_several_and_tells_of_each(owner, browser_of):
    files = [SimpleUploadedFile("a.jpg", data) for data in (*portraits()[:2], b"text")]
    answer = browser_of(owner).post(URL, {"image": files})
    told = [(one["state"], [reason["code"] for reason in one["reasons"]]) for one in answer.json()["samples"]]
    assert answer.status_code == 202
    assert told == [("pending", []), ("pending", []), ("rejected", ["unsupported_type"])]
    assert answer.json()["anchors"]["pending"] == 2


def test_it_takes_base64_in_json(owner, browser_of):
    body = {"image": base64.b64encode(jpeg(portrait())).decode()}
    answer = browser_of(owner).post(URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["samples"][0]["state"]) == (202, "pending")


def test_it_asks_for_the_picture(owner, browser_of):
    answer = browser_of(owner).post(URL)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_it_asks_for_consent_first(stranger, browser_of):
    answer = browser_of(stranger).post(URL, picture())
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_missing")


def test_it_names_a_picture_given_twice(owner, browser_of):
    browser = browser_of(owner)
    browser.post(URL, picture())
    answer = browser.post(URL, picture())
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_image")


def test_it_lists_own_pictures_only(owner, stranger, browser_of):
    mine = SampleFactory(subject=owner.subject)
    SampleFactory()
    listed = browser_of(owner).get(URL).json()["samples"]
    assert [sample["id"] for sample in listed] == [str(mine.pk)]
    assert browser_of(stranger).get(URL).json()["samples"] == []


def test_it_tells_why_a_picture_was_rejected(owner, browser_of):
    sample = SampleFactory(subject=owner.subject)
    sample.reject(["too_dark"])
    sample.save()
    (listed,) = browser_of(owner).get(URL).json()["samples"]
    assert listed["reasons"] == [{"code": "too_dark", "message": "It is too dark. Turn towards a light."}]


def test_it_answers_nobody_else(browser_of):
    assert browser_of().get(URL).status_code == 401
    assert browser_of().post(URL, picture()).status_code == 401


def test_it_demands_the_csrf_token(owner):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    assert browser.post(URL, picture()).status_code == 403
