from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import RequestFactory
from django.utils import timezone

from enrollment.errors import AppendOnly
from enrollment.models import AuditEvent
from enrollment.origin import origin_of, source_of
from enrollment.services import audit_record, consent_withdraw, consents_give, sample_delete, user_erase
from tests.factories import SampleFactory, UserFactory

pytestmark = pytest.mark.django_db
Action = AuditEvent.Action


def test_it_keeps_who_what_whence_and_how_it_ended(owner):
    event = audit_record(
        Action.EXPORT, "refused", actor=owner, subject=owner.subject, source="192.0.2.1", object_id=7
    )
    event.refresh_from_db()
    assert (event.actor_id, event.subject_id, event.source) == (owner.pk, owner.subject.pk, "192.0.2.1")
    assert (event.object_id, event.outcome, event.details) == ("7", "refused", {})


def test_it_takes_actor_and_address_from_the_request(owner):
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.2")
    request.user = owner
    with origin_of(request):
        event = audit_record(Action.EXPORT)
    assert (event.actor_id, event.source) == (owner.pk, "192.0.2.2")


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: AuditEvent.objects.update(outcome="refused"),
        lambda event: AuditEvent.objects.all().delete(),
    ],
    ids=["save", "delete", "update", "delete-all"],
)
def test_it_is_only_added_to(change):
    with pytest.raises(AppendOnly):
        change(audit_record(Action.EXPORT))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the trigger is PostgreSQL's")
@pytest.mark.parametrize("statement", ["UPDATE {} SET outcome = 'x'", "DELETE FROM {}"])
def test_postgresql_itself_refuses_changes(statement):
    audit_record(Action.EXPORT)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("enrollment_auditevent"))


def test_it_lets_go_when_retention_ends():
    old = AuditEvent.objects.create(action=Action.EXPORT, created_at=timezone.now() - timedelta(days=1200))
    assert AuditEvent.objects.filter(pk=old.pk).expire() == 1


@pytest.mark.parametrize(
    ("hops", "address"), [(0, "192.0.2.1"), (1, "192.0.2.9"), (2, "192.0.2.8"), (3, "192.0.2.1")]
)
def test_it_believes_forwarded_addresses_as_far_as_own_proxies_wrote_them(settings, hops, address):
    settings.FORWARDED_FOR_HOPS = hops
    request = RequestFactory().get(
        "/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": "192.0.2.8, 192.0.2.9"}
    )
    assert source_of(request) == address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.9:51000", "203.0.113.9"),
        ("[2001:db8::9]:443", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("fe80::9%eth0", "fe80::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "192.0.2.1"),
        ("", "192.0.2.1"),
    ],
)
def test_it_finds_the_address_in_what_proxies_write_or_takes_their_own(settings, written, address):
    settings.FORWARDED_FOR_HOPS = 1
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": written})
    assert source_of(request) == address


def test_it_records_consents_pictures_and_erasure():
    user = UserFactory()
    subject = consents_give(user, {"sign_in", "training"})
    sample_delete(SampleFactory(subject=subject))
    consent_withdraw(user, "training")
    user_erase(user)
    actions = AuditEvent.objects.filter(subject_id=subject.pk).order_by("pk").values_list("action", flat=True)
    assert sorted(actions[:2]) == ["consent_give", "consent_give"]
    assert list(actions[2:]) == ["sample_delete", "consent_withdraw", "face_erase", "account_erase"]


def test_it_outlives_the_account_without_naming_it():
    user = UserFactory(username="somebody-rare")
    consents_give(user, {"sign_in"})
    user_erase(user)
    rows = str(list(AuditEvent.objects.values()))
    assert "account_erase" in rows
    assert "somebody-rare" not in rows


def test_staff_can_read_it_and_nothing_else(browser_of):
    event = audit_record(Action.EXPORT)
    browser = browser_of(UserFactory(is_staff=True, is_superuser=True))
    page = f"/admin/enrollment/auditevent/{event.pk}/"
    assert browser.get("/admin/enrollment/auditevent/?action=export").status_code == 200
    assert browser.get(f"{page}change/").status_code == 200
    assert browser.post(f"{page}delete/", {"post": "yes"}).status_code == 403
