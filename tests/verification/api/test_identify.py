"""Whose face is this? For staff who were given the permission."""

import json

import numpy as np
import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.jobs import gallery
from enrollment.models import StoredAnswer
from enrollment.services import user_erase
from tests import faces
from tests.faces import jpeg, lfw, lfw_people, needs_lfw, portrait
from tests.factories import UserFactory, accepted_sample, backend_subject, enrolled_subject, service_key
from verification import jobs
from verification.models import Identification
from verification.services import inquiry_wait

pytestmark = pytest.mark.django_db
URL = "/api/v1/identify"


@pytest.fixture(autouse=True)
def _fresh_gallery():
    gallery._known.clear()  # ids begin anew with every test


@pytest.fixture
def ada(version, portrait_embedding):
    return enrolled_subject(version, portrait_embedding, username="ada")


@pytest.fixture
def bob(version, other_embedding):
    return enrolled_subject(version, other_embedding, username="bob")


@pytest.fixture
def detective(staff):
    """May search, and read scores."""
    staff.user_permissions.set(Permission.objects.filter(codename__in=["add_identification", "view_scores"]))
    return staff


def send(browser, data: bytes | None = None):
    image = SimpleUploadedFile("probe.jpg", jpeg(portrait()) if data is None else data)
    return browser.post(URL, {"image": image})


def identify(browser, data: bytes | None = None):
    sent = send(browser, data).json()
    jobs.identification_decide(sent["id"])
    return browser.get(f"{URL}/{sent['id']}").json()


def test_it_takes_a_picture(ada, detective, browser_of):
    answer = send(browser_of(detective))
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert answer.json().keys() == {"id", "state", "candidates", "box", "model", "reasons"}


def test_it_names_the_person_first(ada, bob, detective, browser_of):
    answer = identify(browser_of(detective))
    found = [(person["name"], person["matched"]) for person in answer["candidates"]]
    assert found == [("ada", True), ("bob", False)]
    assert answer["candidates"][0]["subject"] == str(ada.public_id)


def test_it_finds_nobody_on_an_empty_site(version, detective, browser_of):
    assert identify(browser_of(detective))["candidates"] == []


def test_it_says_why_a_picture_will_not_do(ada, detective, browser_of):
    answer = identify(browser_of(detective), faces.no_face())
    assert [(reason["picture"], reason["code"]) for reason in answer["reasons"]] == [("image", "no_face")]
    assert answer["candidates"] == []


def test_it_says_what_is_wrong_with_a_file(ada, detective, browser_of):
    assert send(browser_of(detective), b"text").status_code == 415


def test_it_names_nobody_who_is_gone(ada, detective, browser_of):
    browser = browser_of(detective)
    found = identify(browser)["id"]
    user_erase(ada.user)
    assert [person["name"] for person in browser.get(f"{URL}/{found}").json()["candidates"]] == [""]


@pytest.fixture
def again(detective, browser_of, monkeypatch):
    """Asks a second time under the same key, for what was answered at once the first time."""

    def decided(model, identification, *args, **more):
        jobs.identification_decide(identification)
        return inquiry_wait(model, identification, *args, **more)

    def ask():
        image = SimpleUploadedFile("probe.jpg", jpeg(portrait()))
        return browser_of(detective).post(URL, {"image": image}, headers={"Idempotency-Key": "search-1"})

    monkeypatch.setattr("verification.api.inquiries.inquiry_wait", decided)
    assert ask().json()["candidates"][0]["name"] == "ada"
    return ask


def test_a_repeat_under_the_same_key_tells_the_same(ada, again):
    answer = again()
    assert answer.json()["candidates"][0]["name"] == "ada"
    assert answer["Idempotency-Replayed"] == "true"
    assert Identification.objects.count() == 1


def test_a_repeat_names_nobody_who_is_gone(ada, again):
    user_erase(ada.user)
    assert [person["name"] for person in again().json()["candidates"]] == [""]


def test_a_repeat_tells_no_scores_to_whom_they_were_taken_from(ada, detective, again):
    detective.user_permissions.remove(Permission.objects.get(codename="view_scores"))
    assert "similarity" not in again().json()["candidates"][0]


def test_what_is_kept_for_a_repeat_names_nobody(ada, again):
    assert "ada" not in json.dumps(StoredAnswer.objects.get().answer)


def test_staff_without_the_permission_for_scores_get_names_alone(ada, bob, detective, browser_of):
    detective.user_permissions.remove(Permission.objects.get(codename="view_scores"))
    answer = identify(browser_of(detective))
    (found,) = answer["candidates"]
    assert found == {"subject": str(ada.public_id), "external_id": None, "name": "ada", "matched": True}


@pytest.fixture
def customer(version, portrait_embedding):
    return backend_subject(version, portrait_embedding, external_id="customer 7")


def test_a_key_finds_subjects_without_accounts_alone(ada, customer, backend_of):
    (found,) = identify(backend_of("identify"))["candidates"]
    assert found == {
        "subject": str(customer.public_id), "external_id": "customer 7", "name": "customer 7", "matched": True,
    }  # fmt: skip


def test_a_key_finds_nobody_who_has_an_account(ada, backend_of):
    assert identify(backend_of("identify", "scores"))["candidates"] == []


def test_a_key_without_scores_does_not_learn_who_came_nearest(version, other_embedding, backend_of):
    backend_subject(version, other_embedding)
    assert identify(backend_of("identify"))["candidates"] == []
    (near,) = identify(backend_of("identify", "scores"))["candidates"]
    assert near["similarity"] < near["threshold"]


def test_a_key_needs_the_scope(ada, backend_of):
    backend = backend_of("subjects:write", "verify", "scores")
    assert (send(backend).status_code, backend.get(f"{URL}/x").status_code) == (403, 403)
    assert not Identification.objects.exists()


def test_a_key_reads_no_search_of_another(customer, detective, backend_of, browser_of):
    own = send(backend_of("identify")).json()["id"]
    theirs = send(browser_of(detective)).json()["id"]
    assert backend_of("identify").get(f"{URL}/{own}").status_code == 404
    assert backend_of("identify").get(f"{URL}/{theirs}").status_code == 404


def test_a_search_is_of_one_asker(customer, detective, version):
    from django.db import IntegrityError

    key, _ = service_key("identify")
    with pytest.raises(IntegrityError):
        Identification.objects.create(owner=detective, service_key=key, model_version=version)


def test_it_refuses_everybody_else(ada, staff, stranger, browser_of):
    assert send(browser_of()).status_code == 401
    for user in (ada.user, stranger, staff):
        assert send(browser_of(user)).status_code == 403
        assert browser_of(user).get(f"{URL}/x").status_code == 403
    assert not Identification.objects.exists()


def test_it_asks_for_staff_besides_the_permission(ada, detective, browser_of):
    type(detective).objects.update(is_staff=False)
    assert send(browser_of(detective)).status_code == 403


def test_it_hides_a_search_from_other_staff(ada, detective, browser_of):
    sent = send(browser_of(detective)).json()
    boss = UserFactory(is_staff=True, is_superuser=True)
    assert browser_of(boss).get(f"{URL}/{sent['id']}").status_code == 404


def test_it_erases_the_picture_and_keeps_the_record_sealed(ada, detective, browser_of):
    identify(browser_of(detective))
    row = Identification.objects.get()
    assert (bytes(row.sealed_pictures), row.owner) == (b"", detective)
    assert b"similarity" not in bytes(row.sealed_answer)


def test_it_keeps_the_record_when_its_author_leaves(ada, detective, browser_of):
    identify(browser_of(detective))
    user_erase(detective)
    assert Identification.objects.get().owner is None


@needs_lfw
def test_it_tells_many_people_apart(version, detective, browser_of):
    from ml.faces.quality import VERIFICATION_GATE
    from ml.serving.pipeline import FacePipeline

    pipeline = FacePipeline.load(_artifact(version))
    people = lfw_people(6, images=4)
    for name in people:
        subject = enrolled_subject(
            version, _embedding(pipeline, lfw(name, 1)[0], VERIFICATION_GATE), username=name
        )
        accepted_sample(subject, version, _embedding(pipeline, lfw(name, 2)[1], VERIFICATION_GATE))
    for name in people:
        answer = identify(browser_of(detective), lfw(name, 4)[3])
        matched = [person["name"] for person in answer["candidates"] if person["matched"]]
        assert matched == [name]


def _artifact(version):
    from pathlib import Path

    return Path(version.path)


def _embedding(pipeline, picture: bytes, gate) -> np.ndarray:
    return pipeline.extract(picture, gate=gate).embedding
