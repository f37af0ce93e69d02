"""How often somebody may fail: on one account, from one address, across accounts."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from enrollment.models import AuditEvent
from tests.crowd import at_once
from tests.faces import jpeg, no_face, portrait
from tests.factories import UserFactory, enrolled_subject
from verification import jobs, tasks
from verification.errors import FaceSignInOff, TooManyAttempts
from verification.jobs.attempts import UNTOLD_AFTER
from verification.models import Attempt, FailureCount, Source, SourceFailure, VerificationSession
from verification.services import attempt_submit, session_open, source_unblock

pytestmark = pytest.mark.django_db
ADDRESS = "192.0.2.7"


def open_session(login: str, *, source: str | None = ADDRESS) -> VerificationSession:
    return session_open(purpose="sign_in", browser_key="browser", source=source, login=login)


def fail(login: str, *, source: str | None = ADDRESS, data: bytes | None = None) -> VerificationSession:
    session = open_session(login, source=source)
    jobs.attempt_decide(attempt_submit(session, SimpleUploadedFile("x.jpg", data or jpeg(portrait()))).pk)
    session.refresh_from_db()
    return session


def failures_from(address: str, *, accounts: int, each: int = 1, ago: timedelta = timedelta()) -> Source:
    source, _ = Source.objects.get_or_create(pk=address)
    for number in range(accounts * each):
        source.add(f"account{number % accounts}", timezone.now() - ago)
    return source


@pytest.fixture
def bob(version, other_embedding):
    return enrolled_subject(version, other_embedding, username="bob").user


@pytest.mark.parametrize("login", ["bob", "nobody"])
def test_it_locks_after_five_failures(bob, login):
    for _ in range(5):
        fail(login)
    with pytest.raises(TooManyAttempts) as refusal:
        open_session(login)
    assert 25 <= refusal.value.retry_after_seconds <= 30


@pytest.mark.parametrize(("seconds", "opens"), [(29, False), (31, True)])
def test_it_opens_the_lock_after_thirty_seconds(bob, seconds, opens):
    for _ in range(5):
        fail("bob", source=None)
    FailureCount.objects.update(last_failed_at=timezone.now() - timedelta(seconds=seconds))
    if opens:
        assert open_session("bob").state == "created"
    else:
        with pytest.raises(TooManyAttempts):
            open_session("bob")


@pytest.mark.parametrize(("failures", "seconds"), [(6, 60), (7, 120), (12, 3600), (49, 3600)])
def test_the_wait_doubles_up_to_an_hour(bob, failures, seconds):
    session = open_session("bob")
    for key in session.failure_keys:
        FailureCount.objects.create(pk=key, failures=failures, last_failed_at=timezone.now())
    with pytest.raises(TooManyAttempts) as refusal:
        open_session("bob")
    assert seconds - 5 <= refusal.value.retry_after_seconds <= seconds + 1


def test_it_switches_off_after_fifty_until_a_full_sign_in(bob, client):
    session = open_session("bob")
    long_ago = timezone.now() - timedelta(days=9)
    for key in session.failure_keys:
        FailureCount.objects.create(pk=key, failures=50, last_failed_at=long_ago)
    with pytest.raises(FaceSignInOff):
        open_session("bob")
    client.post("/accounts/login/", {"login": "bob", "password": "correct horse battery"})
    assert open_session("bob").state == "created"
    assert AuditEvent.objects.filter(action="face_unlock", actor_id=bob.pk).exists()


def begun(login: str, count: int, *, source: str | None = None) -> list[int]:
    """Ids of tries with a wrong face that are counted and not yet decided."""
    sessions = [open_session(login, source=source) for _ in range(count)]
    picture = jpeg(portrait())
    return [attempt_submit(session, SimpleUploadedFile("x.jpg", picture)).pk for session in sessions]


def test_the_try_that_brings_the_lock_about_tells_owner_and_log(bob):
    assert [jobs.attempt_decide(attempt) for attempt in begun("bob", 5)] == [None] * 4 + [bob.pk]
    assert AuditEvent.objects.filter(action="face_lock").count() == 1


def test_tries_in_vain_under_another_spelling_tell_nobody_again(bob):
    for attempt in begun("bob", 5):
        jobs.attempt_decide(attempt)
    assert [jobs.attempt_decide(attempt) for attempt in begun(bob.email, 5)] == [None] * 5
    assert AuditEvent.objects.filter(action="face_lock").count() == 1


def test_nobody_hears_of_the_lock_of_an_account_that_is_not_there(version):
    assert [jobs.attempt_decide(attempt) for attempt in begun("nobody", 5)] == [None] * 5


def test_the_mail_waits_for_a_process_of_its_own(
    broker, bob, monkeypatch, django_capture_on_commit_callbacks
):
    """A mail takes its time, which would tell that there is somebody to write to."""
    asked: list[int] = []
    monkeypatch.setattr(tasks.lock_tell, "delay", asked.append)
    with django_capture_on_commit_callbacks(execute=True):
        for attempt in begun("bob", 5):
            tasks.attempt_decide(attempt)
    assert (asked, mail.outbox) == ([bob.pk], [])
    with django_capture_on_commit_callbacks(execute=True):
        tasks.lock_tell(bob.pk)
    assert [message.to for message in mail.outbox] == [[bob.email]]


def test_the_owner_hears_of_the_lock_though_the_broker_was_away(
    bob, monkeypatch, django_capture_on_commit_callbacks
):
    def away(_: int) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.lock_tell, "delay", away)
    for attempt in begun("bob", 5) + begun("nobody", 5):
        tasks.attempt_decide(attempt)
    monkeypatch.setattr(tasks.lock_tell, "delay", tasks.lock_tell)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sessions_sweep()  # at once: the message may still come
    assert mail.outbox == []
    FailureCount.objects.update(notice_queued_at=timezone.now() - UNTOLD_AFTER)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            tasks.sessions_sweep()
    assert [message.to for message in mail.outbox] == [[bob.email]]


@pytest.mark.parametrize("void", ["picture without a face", "session that is given up"])
def test_a_lock_is_not_lowered_by_what_another_spelling_takes_back(bob, void):
    for _ in range(5):
        fail("bob")
    if void == "picture without a face":
        session = fail(bob.email, data=no_face())
    else:
        session = open_session(bob.email)
        attempt_submit(session, SimpleUploadedFile("x.jpg", jpeg(portrait())))
        assert session.void_attempts("service_unavailable")
    assert Attempt.objects.latest("pk").in_vain
    assert FailureCount.objects.get(pk=session.account_key).failures == 5
    assert FailureCount.objects.get(pk=session.login_key).failures == 0


def test_it_slows_an_address_down_after_ten_failures_a_minute(version):
    failures_from(ADDRESS, accounts=5, each=2)
    with pytest.raises(TooManyAttempts) as refusal:
        open_session("nobody")
    assert 55 <= refusal.value.retry_after_seconds <= 61
    assert open_session("nobody", source="192.0.2.8").state == "created"


def test_others_who_succeed_while_an_address_is_judged_break_nothing(version):
    source = failures_from(ADDRESS, accounts=10)
    asked: list[str] = []

    def decided_meanwhile(execute, statement, *rest):
        found = execute(statement, *rest)
        if 'FROM "verification_sourcefailure"' in statement and not asked:
            asked.append(statement)
            source.failures.all().delete()
        return found

    with connection.execute_wrapper(decided_meanwhile), suppress(TooManyAttempts):
        open_session("nobody")
    assert asked
    assert open_session("nobody").state == "created"


def test_it_lets_an_address_go_on_after_a_minute(version):
    failures_from(ADDRESS, accounts=5, each=2, ago=timedelta(seconds=61))
    assert open_session("nobody").state == "created"


def test_it_blocks_and_logs_an_address_that_fails_on_more_than_ten_accounts(version, caplog):
    failures_from(ADDRESS, accounts=10, ago=timedelta(hours=2))
    fail("one more")
    assert "is blocked" in caplog.text
    assert AuditEvent.objects.filter(action="source_block", source=ADDRESS).count() == 1
    SourceFailure.objects.update(at=timezone.now() - timedelta(hours=3))
    with pytest.raises(TooManyAttempts):
        open_session("anybody")


def test_it_blocks_nobody_for_the_eleventh_who_is_recognised(version, portrait_embedding):
    enrolled_subject(version, portrait_embedding, username="ada")
    failures_from(ADDRESS, accounts=10, ago=timedelta(hours=2))
    assert fail("ada").state == "succeeded"
    assert open_session("anybody").state == "created"
    assert AuditEvent.objects.filter(action="source_unblock", object_id=ADDRESS).count() == 1


def test_a_block_that_rests_on_others_is_not_lifted_by_who_is_recognised(version, portrait_embedding):
    enrolled_subject(version, portrait_embedding, username="ada")
    pending = open_session("ada")
    attempt = attempt_submit(pending, SimpleUploadedFile("x.jpg", jpeg(portrait())))
    failures_from(ADDRESS, accounts=11, ago=timedelta(minutes=5))
    jobs.attempt_decide(attempt.pk)
    with pytest.raises(TooManyAttempts):
        open_session("anybody")


def test_a_block_ends_after_a_day_or_by_staff(version):
    source = failures_from(ADDRESS, accounts=11, ago=timedelta(hours=2))
    source_unblock(source)
    assert open_session("anybody").state == "created"
    Source.objects.update(blocked_at=timezone.now() - timedelta(hours=25))
    assert open_session("anybody").state == "created"


def test_ten_accounts_from_one_address_are_no_spraying(version):
    failures_from(ADDRESS, accounts=10, each=3, ago=timedelta(hours=2))
    assert open_session("anybody").state == "created"


def test_it_takes_one_subscribers_ipv6_network_for_one_source(version):
    failures_from("2001:db8:1:2::/64", accounts=5, each=2)
    with pytest.raises(TooManyAttempts):
        open_session("nobody", source="2001:db8:1:2:aaaa::9")


def test_it_counts_nothing_against_an_address_when_nothing_was_compared(bob):
    fail("bob", data=no_face())
    assert not SourceFailure.objects.exists()


def test_a_match_counts_nothing_against_an_address(version, portrait_embedding):
    enrolled_subject(version, portrait_embedding, username="ada")
    assert fail("ada").state == "succeeded"
    assert not SourceFailure.objects.exists()


def test_clients_cannot_choose_their_address(version, browser_of):
    failures_from(ADDRESS, accounts=5, each=2)
    answer = browser_of().post(
        "/api/v1/verification-sessions",
        {"purpose": "sign_in", "login": "nobody"},
        REMOTE_ADDR=ADDRESS,
        headers={"X-Forwarded-For": "198.51.100.1"},
    )
    assert answer.status_code == 429


@pytest.mark.parametrize(
    ("path", "action"), [("failurecount", "unlock"), ("source", "unblock")], ids=["account", "address"]
)
def test_staff_see_the_counts_and_lift_them(bob, browser_of, path, action):
    for _ in range(5):
        fail("bob")
    failures_from(ADDRESS, accounts=11)
    browser = browser_of(UserFactory(is_staff=True, is_superuser=True))
    page = f"/admin/verification/{path}/"
    assert b"bob" in browser.get(page).content or b"Blocked" in browser.get(page).content
    chosen = [ADDRESS] if path == "source" else list(FailureCount.objects.values_list("pk", flat=True))
    browser.post(page, {"action": action, "_selected_action": chosen})
    assert not Source.objects.get().blocked_at if path == "source" else not FailureCount.objects.exists()


def outcome(session: VerificationSession) -> str:
    try:
        attempt_submit(session, SimpleUploadedFile("x.jpg", jpeg(portrait())))
    except TooManyAttempts:
        return "refused"
    return "compared"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cache", ["running", "stopped"])
def test_it_compares_five_times_for_fifty_parallel_tries(broker, settings, version, other_embedding, cache):
    """The limit holds without any cache: the counts are rows."""
    if cache == "stopped":
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    enrolled_subject(version, other_embedding, username="bob")
    sessions = [open_session("bob", source=f"192.0.2.{number}") for number in range(50)]
    outcomes = Counter(at_once(outcome, sessions))
    assert (Attempt.objects.count(), outcomes["refused"]) == (5, 45)


@pytest.mark.django_db(transaction=True)
def test_one_address_reaches_the_comparator_ten_times_for_thirty_accounts_at_once(broker, version):
    sessions = [open_session(f"nobody{number}") for number in range(30)]
    outcomes = Counter(at_once(outcome, sessions))
    assert (Attempt.objects.count(), outcomes["refused"]) == (10, 20)
