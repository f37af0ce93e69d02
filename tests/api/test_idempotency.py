"""An idempotency key: work that is asked for many times is done once."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from enrollment.models import Sample, StoredAnswer
from tests.conftest import show_password
from tests.crowd import at_once
from tests.faces import jpeg, portrait, portraits
from tests.factories import ConsentFactory
from verification.services.retention import retention_purge

pytestmark = pytest.mark.django_db
URL = "/api/v1/samples"
KEY = "1f0c-one-piece-of-work"


@pytest.fixture
def client(owner, browser_of, broker):
    return browser_of(owner)


def upload(client, picture: bytes | None = None, *, key: str = KEY):
    image = SimpleUploadedFile("x.jpg", picture or portraits()[0])
    return client.post(URL, {"image": image}, headers={"Idempotency-Key": key})


def test_it_answers_the_same_again(client, owner):
    first, second = upload(client), upload(client)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert (first.has_header("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (False, "true")
    assert Sample.objects.count() == 1


def test_it_does_new_work_for_a_new_key(client):
    assert upload(client).status_code == 202
    assert upload(client, portraits()[1], key="another").status_code == 202
    assert Sample.objects.count() == 2


def test_it_refuses_the_key_with_another_picture(client):
    upload(client)
    answer = upload(client, portraits()[1])
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_it_refuses_the_key_at_another_address(client):
    upload(client)
    answer = client.post("/api/v1/verification-sessions", {}, headers={"Idempotency-Key": KEY})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_it_keeps_the_keys_of_callers_apart(client, browser_of):
    upload(client)
    other = browser_of(ConsentFactory().subject.user)
    answer = upload(other)
    assert (answer.status_code, answer.has_header("Idempotency-Replayed")) == (202, False)
    assert Sample.objects.count() == 2


def test_it_answers_a_refusal_again(client):
    first, second = upload(client, b"no picture"), upload(client, b"no picture")
    assert first.status_code == second.status_code == 415
    assert second["Content-Type"] == "application/problem+json"
    assert second["Idempotency-Replayed"] == "true"


def test_it_tries_again_what_failed_for_a_passing_reason(client, owner):
    show_password(client, owner, seconds_ago=10_000)
    assert upload(client).json()["code"] == "reauthentication_required"
    show_password(client, owner)
    assert upload(client).status_code == 202


def test_it_tries_again_after_an_error_of_ours(client, monkeypatch):
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("enrollment.api.views.sample_submit", lambda *_: 1 / 0)
        assert upload(client).status_code == 500
    assert upload(client).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "ümlaut"])
def test_it_refuses_a_malformed_key(client, key):
    answer = upload(client, key=key)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])


def test_it_refuses_a_key_of_nobody():
    answer = Client().post(
        "/api/v1/verification-sessions",
        {"purpose": "sign_in", "login": "x"},
        headers={"Idempotency-Key": KEY},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_of_nobody")


def test_it_says_so_while_the_first_request_is_under_way(client, monkeypatch):
    monkeypatch.setattr("enrollment.api.idempotency.WAIT_SECONDS", 0.2)
    upload(client)
    StoredAnswer.objects.update(status=None)
    answer = upload(client)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert int(answer["Retry-After"]) >= 1


def test_it_takes_over_from_a_process_that_was_killed(client):
    upload(client)
    Sample.objects.all().delete()
    StoredAnswer.objects.update(status=None, claimed_at=timezone.now() - timedelta(seconds=61))
    assert upload(client).status_code == 202
    assert (Sample.objects.count(), StoredAnswer.objects.get().status) == (1, 202)


def test_one_who_was_taken_over_changes_nothing_any_more(client):
    upload(client)
    StoredAnswer.objects.update(status=None, claimed_at=timezone.now() - timedelta(seconds=61))
    slow, next_one = StoredAnswer.objects.get(), StoredAnswer.objects.get()
    assert next_one.take_over()
    assert not slow.take_over()
    slow.store(status=500, answer=b"{}")
    slow.release()
    assert StoredAnswer.objects.get().status is None


def test_it_forgets_after_a_day(client):
    upload(client)
    StoredAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    answer = upload(client, portraits()[1])
    assert (answer.status_code, answer.has_header("Idempotency-Replayed")) == (202, False)


def test_the_purge_erases_old_answers_alone(client):
    upload(client)
    assert retention_purge()["stored answers"] == 0
    StoredAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert retention_purge()["stored answers"] == 1


def test_it_keeps_answers_sealed_and_keys_not_at_all(client):
    sample = upload(client).json()["samples"][0]["id"]
    row = StoredAnswer.objects.get()
    kept = bytes(row.sealed_answer) + json.dumps([row.slot, row.request_digest, row.token]).encode()
    assert sample.encode() not in kept
    assert KEY.encode() not in kept
    assert row.answer["samples"][0]["id"] == sample


def test_it_keeps_no_session_token_and_no_face():
    from rest_framework.response import Response

    from enrollment.api.idempotency import settle

    claim = StoredAnswer.objects.claim("slot", request_digest="", user=None)
    told = {"state": "succeeded", "session_token": "secret", "more": [{"session_token": "x"}]}
    settle(claim, Response(told | {"crops": ["data:image/jpeg;base64,x"]}))
    claim.refresh_from_db()
    kept = {"state": "succeeded", "session_token": None, "more": [{"session_token": None}]}
    assert claim.answer == kept | {"crops": []}


def test_an_account_takes_its_answers_along(client, owner):
    upload(client)
    owner.delete()
    assert not StoredAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_have_one_effect(owner, browser_of, broker):
    picture = jpeg(portrait())
    clients = [browser_of(owner) for _ in range(50)]
    answers = at_once(lambda client: upload(client, picture), clients)
    assert Sample.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "idempotency_in_progress"
    }
    done = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.content for answer in done}) == 1
    assert sum(not answer.has_header("Idempotency-Replayed") for answer in done) == 1
