"""People without accounts, whom a backend keeps."""

import pytest

from enrollment.models import AuditEvent, Consent, Subject
from enrollment.storage import faces_storage
from tests.factories import ConsentFactory, SampleFactory, SubjectFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/subjects"


@pytest.fixture
def backend(backend_of):
    return backend_of("subjects:write")


@pytest.fixture
def subject(db):
    return ConsentFactory(subject=SubjectFactory(user=None, external_id="customer 7")).subject


def test_it_adds_a_subject_with_the_consent_that_is_asserted(backend):
    answer = backend.post(URL, {"external_id": "customer 7", "consent": True})
    body, subject = answer.json(), Subject.objects.get()
    assert answer.status_code == 201
    assert (body["id"], body["external_id"]) == (str(subject.public_id), "customer 7")
    assert (body["consent"], body["training_consent"]) == (True, False)
    assert body["anchors"]["remaining"] == 3
    assert [consent.purpose for consent in subject.consents.all()] == ["sign_in"]
    assert AuditEvent.objects.filter(action="consent_give", subject_id=subject.pk).exists()


def test_it_keeps_nobody_without_consent(backend):
    for body in ({}, {"consent": False}, {"external_id": "x"}):
        answer = backend.post(URL, body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["consent"])
    assert not Subject.objects.exists()


def test_it_notes_the_consent_for_training_apart(backend):
    body = backend.post(URL, {"consent": True, "training_consent": True}).json()
    assert (body["training_consent"], body["external_id"]) == (True, None)


def test_an_external_id_is_given_once(backend, subject):
    answer = backend.post(URL, {"external_id": "customer 7", "consent": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "subject_exists")
    assert Subject.objects.count() == 1


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "x" * 129, "a\nb", "a\0b"])
def test_an_external_id_is_printable(backend, name):
    answer = backend.post(URL, {"external_id": name, "consent": True}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["external_id"])


def test_it_lists_subjects_without_accounts_by_pages(backend, owner):
    made = [backend.post(URL, {"consent": True}).json()["id"] for _ in range(3)]
    first = backend.get(f"{URL}?page_size=2").json()
    second = backend.get(first["next"]).json()
    assert [one["id"] for one in first["subjects"] + second["subjects"]] == made[::-1]
    assert second["next"] is None


def test_it_reads_one(backend, subject):
    body = backend.get(f"{URL}/{subject.public_id}").json()
    assert (body["id"], body["external_id"]) == (str(subject.public_id), "customer 7")


def test_people_with_an_account_are_out_of_reach(backend, owner):
    whom = f"{URL}/{owner.subject.public_id}"
    sample = SampleFactory(subject=owner.subject)
    asked = [
        backend.get(whom),
        backend.delete(whom),
        backend.put(f"{whom}/consents", {"consent": True}, content_type="application/json"),
        backend.get(f"{whom}/samples"),
        backend.post(f"{whom}/samples"),
        backend.get(f"{whom}/samples/{sample.pk}"),
        backend.delete(f"{whom}/samples/{sample.pk}"),
    ]
    assert {answer.status_code for answer in asked} == {404}
    assert Subject.objects.filter(user=owner).exists()


def test_it_erases_everything(backend, subject, other_subject):
    sample = SampleFactory(subject=subject)
    kept = SampleFactory(subject=other_subject)
    assert backend.delete(f"{URL}/{subject.public_id}").status_code == 204
    assert list(Subject.objects.all()) == [other_subject]
    assert not Consent.objects.filter(subject_id=subject.pk).exists()
    assert not type(sample).objects.filter(pk=sample.pk).exists()
    assert type(kept).objects.filter(pk=kept.pk).exists()
    assert AuditEvent.objects.filter(action="subject_erase", subject_id=subject.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_it_erases_the_files(backend, subject):
    sample = SampleFactory(subject=subject)
    backend.delete(f"{URL}/{subject.public_id}")
    assert not faces_storage().exists(sample.image.name)


def test_consent_is_asserted_anew_and_for_training_taken_back(backend, subject):
    path = f"{URL}/{subject.public_id}/consents"
    Consent.objects.update(text_version="old")
    body = {"consent": True, "training_consent": True}
    assert backend.put(path, body, content_type="application/json").json()["training_consent"] is True
    answer = backend.put(path, {"consent": True}, content_type="application/json")
    assert answer.json()["training_consent"] is False
    standing = Consent.objects.filter(subject=subject, withdrawn_at=None).exclude(text_version="old")
    assert [consent.purpose for consent in standing] == ["sign_in"]
    assert Consent.objects.filter(subject=subject).count() == 3


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_key_needs_the_scope(backend_of, method):
    backend = backend_of("verify", "identify", "scores")
    answer = getattr(backend, method)(URL, {"consent": True})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not Subject.objects.exists()


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_key_needs_the_scope_for_one(backend_of, subject, method):
    backend = backend_of("verify", "identify", "scores")
    assert getattr(backend, method)(f"{URL}/{subject.public_id}").status_code == 403
    assert backend.put(f"{URL}/{subject.public_id}/consents").status_code == 403


def test_it_answers_nobody_without_a_key(subject, browser_of, staff):
    assert browser_of().get(URL).status_code == 401
    staff.is_superuser = True
    staff.save()
    assert browser_of(staff).get(f"{URL}/{subject.public_id}").status_code == 403


@pytest.fixture
def other_subject(db):
    return ConsentFactory(subject=SubjectFactory(user=None)).subject
