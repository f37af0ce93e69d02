"""The Python client: trying again, waiting, and what it says of failures, against a real server in a bad mood."""

import pytest

from faceverify_client import FaceVerify, Problem, Unfinished, Unreachable
from tests.clients.moody_site import HANG_UP, Answer, moody_site

RUN = {
    "id": 1,
    "state": "queued",
    "kind": "train",
    "network": "x",
    "percent": 0,
    "created_at": "2026-01-01T00:00:00Z",
}
BUSY: Answer = (503, {"code": "service_unavailable", "detail": "Away."}, {"Retry-After": "1"})
OK: Answer = (202, RUN, {})


def client(url: str, **options) -> FaceVerify:
    return FaceVerify(url, session_token="t", **options)


@pytest.mark.parametrize(
    "mood", [BUSY, (429, {}, {}), (502, {}, {}), (HANG_UP, None, {})], ids=lambda mood: mood[0]
)
def test_it_tries_again_with_the_same_idempotency_key(mood):
    with moody_site(mood, mood, OK) as site, client(site.url) as faces:
        faces.training_runs.request(note="once")
    assert len(site.asked) == 3
    assert len(set(site.keys())) == 1


def test_it_takes_another_key_for_another_call():
    with moody_site(OK) as site, client(site.url) as faces:
        faces.training_runs.request()
        faces.training_runs.request()
    assert len(set(site.keys())) == 2


def test_it_does_not_repeat_what_was_refused():
    refusal = (409, {"code": "training_open", "detail": "One is open.", "request_id": "abcd1234"}, {})
    with moody_site(refusal) as site, client(site.url) as faces, pytest.raises(Problem) as caught:
        faces.training_runs.request()
    assert len(site.asked) == 1
    assert (caught.value.code, caught.value.request_id) == ("training_open", "abcd1234")


def test_it_waits_for_another_that_works_under_its_key():
    busy = (409, {"code": "idempotency_in_progress", "detail": "Under way."}, {"Retry-After": "1"})
    with moody_site(busy, OK) as site, client(site.url) as faces:
        assert faces.training_runs.request().state == "queued"


def test_it_gives_up_at_once_when_the_pause_is_longer_than_its_patience():
    locked = (429, {"code": "too_many_attempts", "detail": "Later."}, {"Retry-After": "3600"})
    with moody_site(locked) as site, client(site.url) as faces, pytest.raises(Problem) as caught:
        faces.training_runs.request()
    assert len(site.asked) == 1
    assert caught.value.retry_after == 3600


def test_it_says_when_nobody_answers():
    with moody_site(OK) as site:
        url = site.url
    with client(url, patience_seconds=0.5) as faces, pytest.raises(Unreachable):
        faces.models.read(1)


def test_it_says_what_a_proxy_answered():
    with (
        moody_site((404, "no json problem", {})) as site,
        client(site.url) as faces,
        pytest.raises(Problem) as caught,
    ):
        faces.models.read(1)
    assert (caught.value.status, caught.value.code) == (404, "unexpected_answer")


def test_it_does_not_follow_to_other_sites():
    away = (302, {}, {"Location": "http://127.0.0.1:9/elsewhere"})
    with moody_site(away) as site, client(site.url) as faces, pytest.raises(Problem):
        faces.models.read(1)
    assert len(site.asked) == 1


def test_it_asks_until_the_work_is_done():
    pending = (202, {"id": "7", "state": "pending"}, {})
    done = (200, {"id": "7", "state": "decided", "matched": True}, {})
    with moody_site(pending, pending, done) as site, client(site.url) as faces:
        assert faces.compare(b"a", b"b").matched is True
    assert [(method, path) for method, path, _, _ in site.asked] == [
        ("POST", "/api/v1/compare"),
        ("GET", "/api/v1/compare/7"),
        ("GET", "/api/v1/compare/7"),
    ]
    assert {headers["Prefer"] for _, _, headers, _ in site.asked} == {"wait=10"}


def test_it_hands_back_how_the_work_stands_when_its_patience_is_over():
    pending = (202, {"id": "7", "state": "pending"}, {})
    with (
        moody_site(pending) as site,
        client(site.url, patience_seconds=1) as faces,
        pytest.raises(Unfinished) as caught,
    ):
        faces.compare(b"a", b"b")
    assert caught.value.answer["state"] == "pending"


def test_it_walks_through_pages_on_its_own_site_alone():
    first = (200, {"next": "http://evil.test/api/v1/training-runs?cursor=abc%3D", "training_runs": [RUN]}, {})
    last = (200, {"next": None, "training_runs": [RUN | {"id": 2}]}, {})
    with moody_site(first, last) as site, client(site.url) as faces:
        assert [run.id for run in faces.training_runs.list()] == [1, 2]
    assert site.asked[1][1] == "/api/v1/training-runs?cursor=abc%3D"


def test_it_keeps_ids_of_strangers_within_their_place():
    with moody_site((404, {}, {})) as site, client(site.url) as faces, pytest.raises(Problem):
        faces.samples.delete("../models/1?x=1#y")
    assert [path for _, path, _, _ in site.asked] == ["/api/v1/samples/..%2Fmodels%2F1%3Fx%3D1%23y"]


@pytest.mark.parametrize("nobody", ["", ".", ".."])
def test_it_refuses_ids_that_name_nothing(nobody):
    with client("http://127.0.0.1:9") as faces, pytest.raises(ValueError, match="expected ids"):
        faces.subjects.delete(nobody)


def test_it_takes_answers_with_fields_that_it_does_not_know():
    with moody_site((200, RUN | {"brand_new": 1}, {})) as site, client(site.url) as faces:
        assert faces.training_runs.read(1).created_at.year == 2026


@pytest.mark.parametrize("said", [{}, {"api_key": "a", "session_token": "b"}])
def test_it_wants_exactly_one_way_to_say_who_one_is(said):
    with pytest.raises(ValueError, match="exactly one"):
        FaceVerify("http://localhost:8000", **said)
