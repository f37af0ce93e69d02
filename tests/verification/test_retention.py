from datetime import timedelta
from importlib import import_module

import numpy as np
import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from enrollment.checks import check_retention
from enrollment.models import AuditEvent, Consent, ModelVersion, Sample, StoredAnswer, Subject, SubjectImport
from tests.factories import SampleFactory, backend_subject, enrolled_subject, model_version, service_key
from verification.errors import FaceSignInOff
from verification.models import Attempt, FailureCount, Identification, SeenFrame, Source, VerificationSession
from verification.services import retention, retention_purge, session_open

pytestmark = pytest.mark.django_db
note_earlier_use = import_module("verification.migrations.0015_note_earlier_use").note_earlier_use
FOUR_YEARS_AGO = timezone.now() - timedelta(days=4 * 365)


@pytest.fixture
def unused(db):
    """A face that was enrolled four years ago."""
    person = enrolled_subject(model_version(), np.full(192, 192**-0.5, dtype=np.float32), username="ada")
    Sample.objects.update(created_at=FOUR_YEARS_AGO)
    Consent.objects.update(granted_at=FOUR_YEARS_AGO)
    return person


def test_it_erases_a_face_that_nobody_used_for_three_years(unused):
    assert retention_purge()["unused faces"] == 1
    assert not Sample.objects.exists()
    assert Consent.objects.get().withdrawn_at is not None


def test_it_keeps_a_face_that_was_recognised_since_though_the_record_of_that_is_erased(unused):
    Subject.objects.update(last_used_at=timezone.now() - timedelta(days=800))
    assert retention_purge()["unused faces"] == 0


def test_it_keeps_whom_a_backend_found_since(db, django_capture_on_commit_callbacks):
    version = model_version()
    found, other = (backend_subject(version, np.full(192, 192**-0.5, dtype=np.float32)) for _ in range(2))
    for model, column in ((Sample, "created_at"), (Consent, "granted_at"), (Subject, "created_at")):
        model.objects.update(**{column: FOUR_YEARS_AGO})
    search = Identification(model_version=version)
    told = {"similarity": 0.9, "threshold": 0.5}
    candidates = [{"subject": one.pk, "matched": one == found} | told for one in (found, other)]
    with django_capture_on_commit_callbacks(execute=True):
        search.decide({"candidates": candidates, "box": {}})
    assert retention_purge()["unused faces"] == 1
    assert list(Subject.objects.all()) == [found]


def test_it_learns_of_uses_before_it_noted_them(unused):
    session = session_open(purpose="sign_in", browser_key="x", source=None, login="ada")
    for decision in ("match", "non_match"):
        Attempt.objects.create(
            session=session, subject=unused, state="decided", decision=decision, decided_at=timezone.now()
        )
    note_earlier_use(apps, None)
    unused.refresh_from_db()
    assert unused.last_used_at == Attempt.objects.get(decision="match").created_at


def test_a_failed_try_is_no_use(unused):
    session = session_open(purpose="sign_in", browser_key="x", source=None, login="ada")
    Attempt.objects.create(
        session=session, subject=unused, state="decided", decision="non_match", decided_at=timezone.now()
    )
    assert retention_purge()["unused faces"] == 1


def test_it_erases_records_whose_time_is_over():
    model_version()
    session = session_open(purpose="sign_in", browser_key="x", source=None, login="ada")
    VerificationSession.objects.update(created_at=timezone.now() - timedelta(days=366))
    Source.objects.create(pk="192.0.2.1", last_failed_at=timezone.now() - timedelta(days=2))
    AuditEvent.objects.create(action="export", created_at=FOUR_YEARS_AGO)
    young = AuditEvent.objects.create(action="export")
    erased = retention_purge()
    assert (erased["sign-in sessions"], erased["addresses"], erased["audit events"]) == (1, 1, 1)
    assert not VerificationSession.objects.filter(pk=session.pk).exists()
    assert AuditEvent.objects.filter(pk=young.pk).exists()


def test_it_erases_the_admins_own_log_with_the_audit_log(staff):
    for told_at in (FOUR_YEARS_AGO, timezone.now()):
        LogEntry.objects.create(user=staff, action_flag=CHANGE, object_repr="account 1", action_time=told_at)
    assert retention_purge()["admin log entries"] == 1
    assert LogEntry.objects.count() == 1


def test_no_waiting_lifts_what_fifty_failures_switched_off():
    session = session_open(purpose="sign_in", browser_key="x", source=None, login="ada")
    long_ago = timezone.now() - timedelta(days=366)
    FailureCount.objects.create(pk=session.login_key, failures=50, last_failed_at=long_ago)
    FailureCount.objects.create(pk="of somebody else", failures=49, last_failed_at=long_ago)
    assert retention_purge()["failure counts"] == 1
    with pytest.raises(FaceSignInOff):
        session_open(purpose="sign_in", browser_key="x", source=None, login="ada")


def test_it_bounds_the_rows_of_rejected_pictures(owner):
    for number in range(25):
        sample = SampleFactory(subject=owner.subject)
        sample.reject(["too_dark"])
        sample.decided_at = timezone.now() - timedelta(days=number * 2)
        sample.save()
    assert retention_purge()["rejected pictures"] == 10
    assert Sample.objects.filter(state="rejected").count() == 15


def test_it_keeps_twenty_rejected_pictures_of_a_day(owner):
    for _ in range(25):
        sample = SampleFactory(subject=owner.subject)
        sample.reject(["too_dark"])
        sample.save()
    retention_purge()
    assert Sample.objects.filter(state="rejected").count() == 20


def test_the_command_writes_what_it_did_into_the_log(db, capsys):
    call_command("purge")
    assert "unused faces: 0" in capsys.readouterr().out
    assert AuditEvent.objects.filter(action="purge").exists()


def test_one_face_that_cannot_be_erased_stops_nothing_else(unused, monkeypatch, capsys):
    other = backend_subject(ModelVersion.objects.get(), np.full(192, 192**-0.5, dtype=np.float32))
    for model, column in ((Sample, "created_at"), (Consent, "granted_at"), (Subject, "created_at")):
        model.objects.update(**{column: FOUR_YEARS_AGO})
    AuditEvent.objects.create(action="export", created_at=FOUR_YEARS_AGO)

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(retention, "consent_withdraw", broken)
    with pytest.raises(CommandError, match=r"purge_incomplete.*unused faces"):
        call_command("purge")
    assert "unused faces: 1" in capsys.readouterr().out
    assert not Subject.objects.filter(pk=other.pk).exists()
    assert not AuditEvent.objects.filter(action="export").exists()
    event = AuditEvent.objects.get(action="purge")
    assert (event.outcome, event.details["failed"]) == ("refused", ["unused faces"])


def test_it_clears_browser_sessions_that_ended(client, settings, stranger):
    from django.contrib.sessions.models import Session

    client.force_login(stranger)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    call_command("purge")
    assert not Session.objects.exists()


@pytest.mark.parametrize(("name", "days"), [("FACE", 1096), ("FACE", 0), ("AUDIT", 100), ("RECORDS", 6)])
def test_it_refuses_to_start_with_other_promises(settings, name, days):
    assert check_retention() == []
    setattr(settings, f"RETENTION_{name}_DAYS", days)
    assert len(check_retention()) == 1


def test_it_forgets_devices_whose_session_is_over(stranger):
    for days in (1, 15):
        seen = timezone.now() - timedelta(days=days)
        UserSession.objects.create(user=stranger, ip="::1", session_key=f"key{days}", last_seen_at=seen)
    assert retention_purge()["devices"] == 1
    assert UserSession.objects.get().session_key == "key1"


def test_the_page_tells_the_settings(settings, client):
    settings.RETENTION_FACE_DAYS, settings.RETENTION_RECORDS_DAYS = 730, 90
    page = client.get("/privacy/").content.decode()
    assert "at most 2 years after its last use" in page
    assert "90 days" in page


@pytest.mark.parametrize(
    "what",
    [
        "How often signing in by face failed",
        "Addresses from which signing in by face failed",
        "A fingerprint of each picture file",
        "What was answered to an app",
        "Searches: who asked",
    ],
)
def test_the_page_lists_all_that_is_kept_of_tries_and_searches(settings, client, what):
    settings.RETENTION_RECORDS_DAYS = 91
    page = client.get("/privacy/").content.decode()
    row = next(row for row in page.split("<tr>") if what in row).split("How long")[1]
    assert ("1 day" if what.startswith(("Addresses", "What")) else "91 days") in row


def test_what_the_page_says_of_tries_is_so(db):
    old, young = timezone.now() - timedelta(days=366), timezone.now() - timedelta(days=364)
    for name, at in (("old", old), ("young", young)):
        FailureCount.objects.create(pk=name, failures=3, last_failed_at=at)
        SeenFrame.objects.create(digest=name)
        SeenFrame.objects.filter(pk=name).update(seen_at=at)
        Identification.objects.create(
            pk=name, model_version=model_version(), created_at=at, state="decided", decided_at=at
        )
    FailureCount.objects.create(pk="taken back", failures=0)
    for name, hours in (("192.0.2.1", 25), ("192.0.2.2", 23)):
        Source.objects.create(pk=name, last_failed_at=timezone.now() - timedelta(hours=hours))
        StoredAnswer.objects.create(slot=name, created_at=timezone.now() - timedelta(hours=hours))
    retention_purge()
    assert list(FailureCount.objects.values_list("pk", flat=True)) == ["young"]
    assert list(SeenFrame.objects.values_list("digest", flat=True)) == ["young"]
    assert list(Identification.objects.values_list("pk", flat=True)) == ["young"]
    assert list(Source.objects.values_list("pk", flat=True)) == ["192.0.2.2"]
    assert list(StoredAnswer.objects.values_list("slot", flat=True)) == ["192.0.2.2"]


def test_it_erases_a_subject_without_an_account_that_nobody_used_for_three_years(db):
    version, face = model_version(), np.full(192, 192**-0.5, dtype=np.float32)
    gone, kept = backend_subject(version, face), backend_subject(version, face)
    Sample.objects.filter(subject=gone).update(created_at=FOUR_YEARS_AGO)
    gone.consents.update(granted_at=FOUR_YEARS_AGO)
    assert retention_purge()["unused faces"] == 1
    assert list(Subject.objects.all()) == [kept]


def test_it_erases_reports_of_imports_after_a_month(db):
    key, _ = service_key()
    SubjectImport.objects.create(service_key=key)
    SubjectImport.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert retention_purge()["reports of imports"] == 1


def test_the_purge_lets_the_database_know_how_large_its_tables_are(unused):
    call_command("purge")
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert ("sqlite_stat1" in tables) or connection.vendor == "postgresql"
