import pytest
from django.db import OperationalError, connection

pytestmark = pytest.mark.django_db


def test_it_answers_unknown_api_paths_as_problems(client):
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_it_answers_unknown_pages_as_pages(client):
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert b"<html" in answer.content


def test_it_refuses_a_huge_body_before_reading_it(client, settings):
    settings.DATA_UPLOAD_MAX_BODY_BYTES = 100
    answer = client.post("/api/v1/samples", {"image": "x" * 200})
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


def test_it_answers_json_nested_without_end(client):
    answer = client.post("/api/v1/verification-sessions", "[" * 200_000, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_request")


def test_it_hides_the_cause_of_an_error(client, settings, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("enrollment.api.views.samples_of", lambda _: 1 / 0)
    from tests.factories import UserFactory

    client.force_login(UserFactory())
    answer = client.get("/api/v1/samples")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "ZeroDivision" not in answer.content.decode()


def test_it_gives_each_request_an_id(client):
    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


@pytest.mark.parametrize("path", ["/api/v1/verification-sessions/none", "/"])
def test_it_asks_to_come_back_when_the_database_is_away(client, owner, path):
    client.force_login(owner)
    client.raise_request_exception = False

    def away(*_):
        raise OperationalError("gone")

    with connection.execute_wrapper(away):
        answer = client.get(path)
    assert answer.status_code == 503
    assert answer["Retry-After"]
