"""Whatever goes wrong below /api/ is told as a problem with a stable code, under the request's id."""

import io

import pytest

pytestmark = pytest.mark.django_db
SESSIONS = "/api/v1/verification-sessions"

CASES = {
    "not_authenticated": (401, "get", "/api/v1/samples", {}),
    "not_found": (404, "get", "/api/v1/nothing", {}),
    "method_not_allowed": (405, "delete", SESSIONS, {}),
    "not_acceptable": (406, "get", "/api/v1/samples", {"headers": {"Accept": "text/html"}}),
    "unsupported_media_type": (415, "post", SESSIONS, {"data": "x", "content_type": "text/plain"}),
    "unreadable_request": (400, "post", SESSIONS, {"data": "{", "content_type": "application/json"}),
    "invalid": (400, "post", SESSIONS, {"data": "{}", "content_type": "application/json"}),
}


@pytest.mark.parametrize("code", CASES)
def test_it_names_the_problem(code, client):
    status, method, path, more = CASES[code]
    answer = getattr(client, method)(path, **more)
    body = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (body["code"], body["status"], body["request_id"]) == (code, status, answer["X-Request-ID"])


def test_it_names_a_body_that_is_too_large(client, settings):
    settings.DATA_UPLOAD_MAX_BODY_BYTES = 100
    answer = client.post("/api/v1/samples", {"image": "x" * 200})
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert answer["X-Request-ID"] == answer.json()["request_id"]


def test_it_names_too_many_files(client):
    answer = client.post(SESSIONS, {f"image{n}": io.BytesIO(b"x") for n in range(20)})
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_request")


def test_it_takes_a_well_formed_request_id(client):
    assert client.get("/api/v1/samples", headers={"X-Request-ID": "job-2026_11"})["X-Request-ID"] == (
        "job-2026_11"
    )


@pytest.mark.parametrize("told", ["short", "x" * 65, "line\nbreak", "söme-id-of-mine", "<script>alert"])
def test_it_takes_no_other_request_id(client, told):
    answer = client.get("/api/v1/samples", headers={"X-Request-ID": told})
    assert answer["X-Request-ID"] != told
    assert len(answer["X-Request-ID"]) == 16
