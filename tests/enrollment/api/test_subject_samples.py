"""Pictures of people without accounts."""

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment import jobs
from enrollment.models import Sample, Template
from tests.faces import jpeg, no_face, portrait, portraits
from tests.factories import ConsentFactory, SampleFactory, SubjectFactory, model_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def backend(backend_of):
    return backend_of("subjects:write")


@pytest.fixture
def subject(db):
    return ConsentFactory(subject=SubjectFactory(user=None)).subject


@pytest.fixture
def url(subject) -> str:
    return f"/api/v1/subjects/{subject.public_id}/samples"


def files(*pictures: bytes) -> dict[str, list[SimpleUploadedFile]]:
    return {"image": [SimpleUploadedFile("face.jpg", picture) for picture in pictures]}


def test_it_takes_one_picture(backend, url, subject):
    answer = backend.post(url, files(jpeg(portrait())))
    (sample,) = answer.json()["samples"]
    assert (answer.status_code, sample["state"], sample["box"]) == (202, "pending", None)
    assert Sample.objects.get(pk=sample["id"]).subject == subject


def test_it_takes_several_and_tells_of_each(backend, url):
    first, second, _ = portraits()
    answer = backend.post(url, files(first, b"text", second, first))
    told = [(one["state"], [reason["code"] for reason in one["reasons"]]) for one in answer.json()["samples"]]
    assert answer.status_code == 202
    assert told == [
        ("pending", []),
        ("rejected", ["unsupported_type"]),
        ("pending", []),
        ("rejected", ["duplicate_image"]),
    ]
    assert answer.json()["anchors"]["pending"] == 2


def test_it_takes_them_in_base64(backend, url):
    pictures = [base64.b64encode(picture).decode() for picture in portraits()]
    for images, count in ((pictures[0], 1), (pictures[1:], 2)):
        answer = backend.post(url, {"image": images}, content_type="application/json")
        assert [one["state"] for one in answer.json()["samples"]] == ["pending"] * count


def test_a_single_file_that_will_not_do_is_a_problem(backend, url):
    answer = backend.post(url, files(b"text"))
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")


@pytest.mark.parametrize("image", [[], "?", [7], {}, None], ids=str)
def test_it_refuses_what_is_no_file(backend, url, image):
    answer = backend.post(url, {"image": image}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["image"])


def test_it_takes_no_more_than_can_be_kept(backend, url, subject):
    for _ in range(9):
        SampleFactory(subject=subject)
    answer = backend.post(url, files(*portraits()[:2]))
    told = [[reason["code"] for reason in one["reasons"]] for one in answer.json()["samples"]]
    assert told == [[], ["too_many_anchors"]]


def test_it_tells_box_and_quality_once_decided(backend, url):
    model_version()
    sent = backend.post(url, files(jpeg(portrait()), no_face())).json()["samples"]
    for sample in sent:
        jobs.template_extract(sample["id"])
    good, bad = (backend.get(f"{url}/{sample['id']}").json() for sample in sent)
    assert (good["state"], good["crop_url"]) == ("accepted", None)
    assert 0 < good["box"]["x_min"] < good["box"]["x_max"] < 640
    assert all(isinstance(value, float | int) for value in good["quality"].values())
    assert (bad["state"], bad["box"]) == ("rejected", None)
    assert [reason["code"] for reason in bad["reasons"]] == ["no_face"]


def test_no_answer_holds_a_score_or_an_embedding(backend, url):
    model_version()
    for sample in backend.post(url, files(*portraits())).json()["samples"]:
        jobs.template_extract(sample["id"])
    assert Template.objects.count() == 3
    told = backend.get(url).content.decode()
    assert not [word for word in ("similarity", "distance", "threshold", "embedding") if word in told]


def test_it_waits_as_long_as_is_preferred_and_no_longer(backend, url):
    answer = backend.post(url, files(jpeg(portrait())), headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer["Preference-Applied"]) == (202, "wait=1")


def test_it_lists_newest_first(backend, url, subject):
    SampleFactory()
    own = [str(SampleFactory(subject=subject).pk) for _ in range(3)]
    assert [one["id"] for one in backend.get(url).json()["samples"]] == own[::-1]


def test_it_erases_one(backend, url, subject):
    sample, kept = SampleFactory(subject=subject), SampleFactory(subject=subject)
    assert backend.delete(f"{url}/{sample.pk}").status_code == 204
    assert list(Sample.objects.all()) == [kept]


def test_another_subjects_picture_is_not_there(backend, url):
    other = SampleFactory(subject=SubjectFactory(user=None))
    assert backend.get(f"{url}/{other.pk}").status_code == 404
    assert backend.delete(f"{url}/{other.pk}").status_code == 404


def test_without_consent_to_todays_wording_nothing_is_taken(backend, url, subject):
    subject.consents.update(text_version="old")
    answer = backend.post(url, files(jpeg(portrait())))
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_missing")


def test_a_key_needs_the_scope(backend_of, url, subject):
    backend = backend_of("verify", "identify", "scores")
    one = f"{url}/{SampleFactory(subject=subject).pk}"
    asked = [backend.get(url), backend.post(url), backend.get(one), backend.delete(one)]
    assert {answer.status_code for answer in asked} == {403}
    assert Sample.objects.count() == 1
