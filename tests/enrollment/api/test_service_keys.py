"""How a backend says who it is, and what becomes of keys that are wrong, old or gone."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from enrollment.models import AuditEvent, ServiceKey
from enrollment.models.service_key import digest_of
from enrollment.services import service_key_create, service_key_revoke, service_key_rotate
from tests.factories import service_key

pytestmark = pytest.mark.django_db
URL = "/api/v1/subjects"


def ask(secret: str, client: Client | None = None):
    return (client or Client()).get(URL, headers={"X-API-Key": secret})


def test_it_opens_the_api_and_notes_when(db):
    key, secret = service_key("subjects:write")
    assert ask(secret).status_code == 200
    key.refresh_from_db()
    assert timezone.now() - key.last_used_at < timedelta(seconds=5)


def test_it_notes_its_use_once_a_minute():
    moment = timezone.now() - timedelta(seconds=40)
    key, secret = service_key("subjects:write", last_used_at=moment)
    ask(secret)
    key.refresh_from_db()
    assert key.last_used_at == moment


def test_its_secret_is_not_stored():
    key, secret = service_key("subjects:write")
    assert secret.startswith(f"fvk_{key.prefix}_")
    assert len(secret.removeprefix(f"fvk_{key.prefix}_")) == 43  # 256 bits
    stored = str(ServiceKey.objects.values().get())
    assert secret.rsplit("_", 1)[-1] not in stored
    assert key.digest == digest_of(secret)


@pytest.mark.parametrize("change", ["wrong", "expired", "revoked", "unknown", "empty", "cut", "nul"])
def test_a_key_that_is_not_valid_is_nobodys(change):
    key, secret = service_key("subjects:write")
    if change == "expired":
        ServiceKey.objects.update(expires_at=timezone.now())
    if change == "revoked":
        service_key_revoke(key, actor=None)
    told = {
        "wrong": secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        "unknown": "fvk_00000000_" + "x" * 43,
        "empty": "",
        "cut": f"fvk_{key.prefix}_",
        "nul": f"fvk_\0{key.prefix}_x",
    }.get(change, secret)
    answer = ask(told)
    problem = answer.json() | {"request_id": ""}
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert (problem["code"], problem["detail"]) == ("not_authenticated", "This key is not valid.")


def test_a_bad_key_does_not_fall_back_to_cookies(owner, browser_of):
    browser = browser_of(owner)
    assert browser.get("/api/v1/samples").status_code == 200
    assert browser.get("/api/v1/samples", headers={"X-API-Key": "fvk_1_2"}).status_code == 401


def test_a_key_is_not_the_person_whose_cookies_come_with_it(staff, browser_of):
    staff.is_superuser = True
    staff.save()
    answer = ask(service_key()[1], browser_of(staff))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_a_key_asks_for_no_csrf_token():
    client = Client(enforce_csrf_checks=True, headers={"X-API-Key": service_key("subjects:write")[1]})
    assert client.post(URL, {"consent": True}).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "samples"), ("get", "me/consents"), ("post", "verification-sessions")],
)
def test_a_key_opens_nothing_that_is_for_people(backend_of, method, path):
    backend = backend_of("subjects:write", "verify", "identify", "scores")
    answer = getattr(backend, method)(f"/api/v1/{path}", {"purpose": "verify"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_the_audit_log_names_the_key():
    key, secret = service_key("subjects:write")
    Client(headers={"X-API-Key": secret}).post(URL, {"consent": True})
    event = AuditEvent.objects.filter(action="subject_create").get()
    assert (event.service_key, event.actor_id, event.source) == (key.prefix, None, "127.0.0.1")


def test_a_new_secret_leaves_the_old_one_some_hours(staff):
    key, old = service_key_create(
        name="shop", scopes=["subjects:write"], expires_at=timezone.now() + timedelta(days=1), actor=staff
    )
    new = service_key_rotate(key, grace=timedelta(hours=2), actor=staff)
    assert [ask(secret).status_code for secret in (old, new)] == [200, 200]
    ServiceKey.objects.update(previous_until=timezone.now())
    assert [ask(secret).status_code for secret in (old, new)] == [401, 200]


def test_a_new_secret_without_grace_ends_the_old_one_at_once(staff):
    key, old = service_key("subjects:write")
    new = service_key_rotate(key, grace=timedelta(), actor=staff)
    assert [ask(secret).status_code for secret in (old, new)] == [401, 200]


def test_revoking_ends_both_secrets(staff):
    key, old = service_key("subjects:write")
    new = service_key_rotate(key, grace=timedelta(hours=72), actor=staff)
    service_key_revoke(key, actor=staff)
    assert [ask(secret).status_code for secret in (old, new)] == [401, 401]


def test_what_is_done_with_keys_is_recorded(staff):
    key, _ = service_key_create(
        name="shop", scopes=["verify"], expires_at=timezone.now() + timedelta(days=1), actor=staff
    )
    service_key_rotate(key, grace=timedelta(hours=1), actor=staff)
    service_key_revoke(key, actor=staff)
    events = AuditEvent.objects.filter(action="service_key", object_id=key.prefix, actor_id=staff.pk)
    assert [event.details["step"] for event in events] == ["revoked", "rotated", "created"]
