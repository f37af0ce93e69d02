"""Is this the subject? Asked by a backend about people without accounts."""

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from enrollment.models import AuditEvent, ServiceKey, Template
from tests.faces import jpeg, no_face, portrait
from tests.factories import backend_subject, enrolled_subject
from verification import jobs
from verification.models import Attempt, FailureCount, VerificationSession
from verification.services import subject_verification_wait

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject(version, portrait_embedding):
    return backend_subject(version, portrait_embedding)


@pytest.fixture
def somebody_else(version, other_embedding):
    return backend_subject(version, other_embedding)


@pytest.fixture
def backend(backend_of):
    return backend_of("verify")


def url(subject) -> str:
    return f"/api/v1/subjects/{subject.public_id}/verify"


def send(backend, subject, data: bytes | None = None, **more):
    image = SimpleUploadedFile("probe.jpg", jpeg(portrait()) if data is None else data)
    return backend.post(url(subject), {"image": image}, **more)


def verify(backend, subject, data: bytes | None = None):
    sent = send(backend, subject, data).json()
    jobs.attempt_decide(Attempt.objects.get(session=sent["id"]).pk)
    return backend.get(f"{url(subject)}/{sent['id']}").json()


def test_it_takes_a_picture(backend, subject):
    answer = send(backend, subject)
    body = answer.json()
    assert (answer.status_code, body["state"], body["matched"]) == (202, "pending", None)
    assert body.keys() == {"id", "state", "matched", "reasons"}


def test_it_does_not_deny_a_match_that_comes_while_it_reads(backend, subject, monkeypatch):
    def overtaken(*args, **more):
        session = subject_verification_wait(*args, **more)
        jobs.attempt_decide(Attempt.objects.get(session=session).pk)
        return session

    monkeypatch.setattr("verification.api.subjects.subject_verification_wait", overtaken)
    assert send(backend, subject).json()["matched"] is True


def test_it_matches_the_subject(backend, subject):
    body = verify(backend, subject)
    assert (body["state"], body["matched"], body["reasons"]) == ("decided", True, [])
    assert Attempt.objects.get().subject == subject


def test_it_matches_nobody_else(backend, somebody_else):
    body = verify(backend, somebody_else)
    assert (body["state"], body["matched"], body["reasons"]) == ("decided", False, [])


def test_it_says_why_a_picture_will_not_do(backend, subject):
    body = verify(backend, subject, no_face())
    assert (body["state"], body["matched"], body["reasons"][0]["code"]) == ("void", None, "no_face")
    assert body["reasons"][0].keys() == {"code", "message"}


def test_it_says_what_is_wrong_with_a_file(backend, subject):
    answer = send(backend, subject, b"text")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
    assert not VerificationSession.objects.exists()


def test_it_tells_scores_with_the_scope_alone(backend_of, subject, somebody_else):
    body = verify(backend_of("verify", "scores"), subject)
    assert body["similarity"] >= body["threshold"]
    told = verify(backend_of("verify"), somebody_else)
    assert told.keys() == {"id", "state", "matched", "reasons"}


def test_a_subject_without_enough_pictures_is_not_ready(backend, subject):
    subject.samples.first().delete()
    answer = send(backend, subject)
    assert (answer.status_code, answer.json()["code"]) == (409, "face_not_ready")


def test_a_subject_whose_consent_ended_is_not_ready(backend, subject):
    subject.consents.update(withdrawn_at=timezone.now())
    assert send(backend, subject).status_code == 409


def test_people_with_an_account_are_out_of_reach(backend, version, portrait_embedding):
    person = enrolled_subject(version, portrait_embedding)
    assert send(backend, person).status_code == 404


def test_five_failures_lock_the_subject(backend, subject, somebody_else):
    for _ in range(5):
        assert verify(backend, somebody_else)["matched"] is False
    answer = send(backend, somebody_else)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(answer["Retry-After"]) <= 31
    assert send(backend, subject).status_code == 202  # others are not locked by it


def test_another_key_is_locked_too(backend_of, somebody_else):
    for _ in range(5):
        verify(backend_of("verify"), somebody_else)
    assert send(backend_of("verify", "scores"), somebody_else).status_code == 429


def test_tries_are_counted_before_they_are_compared(backend, subject):
    statuses = [send(backend, subject).status_code for _ in range(7)]
    assert statuses == [202] * 5 + [429] * 2
    assert Attempt.objects.count() == 5


def test_a_match_counts_for_nothing(backend, subject):
    for _ in range(6):
        assert verify(backend, subject)["matched"] is True
    assert FailureCount.objects.get().failures == 0


def test_staff_unlock_a_subject(backend, somebody_else):
    from verification.services import failure_count_reset

    for _ in range(5):
        verify(backend, somebody_else)
    failure_count_reset(FailureCount.objects.get())
    assert send(backend, somebody_else).status_code == 202


def test_it_fails_closed_on_a_broken_template(backend, subject):
    Template.objects.update(sealed_embedding=b"broken")
    body = verify(backend, subject)
    assert (body["matched"], body["reasons"][0]["code"]) == (None, "service_unavailable")


def test_what_nobody_looked_at_in_time_is_void(backend, subject):
    sent = send(backend, subject).json()
    Attempt.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    body = backend.get(f"{url(subject)}/{sent['id']}").json()
    assert (body["state"], body["reasons"][0]["code"]) == ("void", "service_unavailable")
    assert FailureCount.objects.get().failures == 0


def test_what_expired_is_void(backend, subject):
    sent = send(backend, subject).json()
    VerificationSession.objects.update(expires_at=timezone.now())
    jobs.sessions_expire()
    body = backend.get(f"{url(subject)}/{sent['id']}").json()
    assert (body["state"], body["matched"], body["reasons"][0]["code"]) == ("void", None, "expired")


def test_it_waits_as_long_as_is_preferred_and_no_longer(backend, subject):
    answer = send(backend, subject, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer["Preference-Applied"]) == (202, "wait=1")
    assert "Retry-After" not in answer


@pytest.mark.parametrize("preference", [{}, {"Prefer": "wait=10"}])
def test_whoever_is_not_held_is_told_when_to_ask_again(backend, subject, monkeypatch, preference):
    monkeypatch.setattr("enrollment.services.waiting._places", threading.Semaphore(0))
    sent = send(backend, subject, headers=preference)
    asked = backend.get(f"{url(subject)}/{sent.json()['id']}", headers=preference)
    assert [(answer.status_code, answer["Retry-After"]) for answer in (sent, asked)] == [(202, "1")] * 2
    assert "Preference-Applied" not in sent


def test_a_verdict_is_nothing_to_ask_for_again(backend, subject):
    sent = send(backend, subject).json()["id"]
    jobs.attempt_decide(Attempt.objects.get().pk)
    answer = backend.get(f"{url(subject)}/{sent}")
    assert (answer.status_code, "Retry-After" in answer) == (200, False)


def test_a_verdict_is_read_by_the_key_that_asked_and_for_the_subject(backend_of, subject, somebody_else):
    backend = backend_of("verify")
    sent = send(backend, subject).json()["id"]
    assert backend.get(f"{url(subject)}/{sent}").status_code == 202
    assert backend.get(f"{url(somebody_else)}/{sent}").status_code == 404
    assert backend_of("verify", "scores").get(f"{url(subject)}/{sent}").status_code == 404


def test_a_browser_cannot_read_or_use_a_backends_session(backend, subject, owner, browser_of):
    sent = send(backend, subject).json()["id"]
    browser = browser_of(owner)
    assert browser.get(f"/api/v1/verification-sessions/{sent}").status_code == 404
    picture = {"image": SimpleUploadedFile("a.jpg", jpeg(portrait()))}
    assert browser.post(f"/api/v1/verification-sessions/{sent}/frames", picture).status_code == 404


def test_the_audit_log_names_the_key(backend, subject):
    verify(backend, subject)
    event = AuditEvent.objects.get(action="verify")
    assert (event.service_key, event.subject_id) == (ServiceKey.objects.get().prefix, subject.pk)


@pytest.mark.parametrize("scopes", [(), ("subjects:write", "identify", "scores")], ids=str)
def test_a_key_needs_the_scope(backend_of, subject, scopes):
    backend = backend_of(*scopes)
    assert send(backend, subject).status_code == 403
    assert backend.get(f"{url(subject)}/x").status_code == 403
    assert not Attempt.objects.exists()
