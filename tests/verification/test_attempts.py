"""From a probe to a decision, with the shipped model and real pictures."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from enrollment.models import Subject, Template
from enrollment.services import consent_withdraw, sample_delete
from ml.siamese.rules import RULES
from tests import faces
from tests.faces import jpeg, portrait
from tests.factories import enrolled_subject
from verification import jobs
from verification.errors import FaceNotReady, SessionClosed, TooManyAttempts
from verification.jobs import attempts
from verification.models import Attempt, FailureCount, VerificationSession
from verification.services import attempt_submit, failures_reset, session_consume, session_get, session_open

pytestmark = pytest.mark.django_db
BROWSER = "browser"


def probe(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("probe.jpg", data or jpeg(portrait()))


def open_session(login: str, *, browser: str = BROWSER) -> VerificationSession:
    return session_open(purpose="sign_in", browser_key=browser, source="127.0.0.1", login=login)


def try_to_sign_in(login: str, data: bytes | None = None) -> VerificationSession:
    session = open_session(login)
    jobs.attempt_decide(attempt_submit(session, probe(data)).pk)
    session.refresh_from_db()
    return session


@pytest.fixture
def bob(version, other_embedding):
    return enrolled_subject(version, other_embedding, username="bob").user


def test_it_matches_the_enrolled_person(ada):
    assert try_to_sign_in("ada").state == "succeeded"


@pytest.fixture
def used_at(django_capture_on_commit_callbacks):
    """Tries to sign in; answers when the face was last used then."""

    def sign_in(login: str) -> datetime | None:
        attempt = attempt_submit(open_session(login), probe())
        with django_capture_on_commit_callbacks(execute=True):
            jobs.attempt_decide(attempt.pk)
        return Subject.objects.get().last_used_at

    return sign_in


def test_it_notes_once_a_day_that_a_face_was_recognised(ada, used_at):
    first = used_at("ada")
    assert used_at("ada") == first is not None
    Subject.objects.update(last_used_at=first - timedelta(days=2))
    assert used_at("ada") > first


def test_it_notes_no_use_by_somebody_else(bob, used_at):
    assert used_at("bob") is None


def test_it_refuses_somebody_else(bob):
    session = try_to_sign_in("bob")
    assert (session.state, session.reason) == ("failed", "no_match")


def test_it_records_score_threshold_and_model_for_staff(ada, version):
    try_to_sign_in("ada")
    attempt = Attempt.objects.get()
    assert attempt.similarity > attempt.threshold > 0.3
    assert (attempt.anchors, attempt.model_version, attempt.rule) == (3, version, "template_mean")


@pytest.mark.parametrize("rule", RULES)
def test_it_decides_by_each_rule(settings, ada, bob, rule):
    settings.FACE_DECISION_RULE = rule
    assert [try_to_sign_in(login).state for login in ("ada", "bob")] == ["succeeded", "failed"]
    assert set(Attempt.objects.values_list("rule", flat=True)) == {rule}


@pytest.mark.parametrize(("rule", "state"), [("best_anchor", "succeeded"), ("share_of_anchors", "failed")])
def test_one_anchor_of_three_is_the_best_but_no_share(settings, bob, portrait_embedding, rule, state):
    template = Template.objects.first()
    template.embedding = portrait_embedding.astype("<f4").tobytes()
    template.save()
    settings.FACE_DECISION_RULE = rule
    assert try_to_sign_in("bob").state == state


def test_it_fails_closed_under_an_unknown_rule(settings, ada):
    settings.FACE_DECISION_RULE = "majority"
    assert try_to_sign_in("ada").reason == "service_unavailable"


def test_it_takes_the_e_mail_address_as_account_name(ada):
    assert try_to_sign_in("ada@example.org").state == "succeeded"


@pytest.mark.parametrize("login", ["nobody", "nobody@example.org", "ada' OR 1=1"])
def test_it_answers_unknown_accounts_like_no_match(version, login):
    session = try_to_sign_in(login)
    assert (session.state, session.reason) == ("failed", "no_match")


@pytest.mark.parametrize("change", [{"is_staff": True}, {"is_superuser": True}, {"is_active": False}])
def test_it_never_signs_in_staff_or_closed_accounts(ada, change):
    type(ada).objects.filter(pk=ada.pk).update(**change)
    session = try_to_sign_in("ada")
    assert (session.state, session.reason) == ("failed", "no_match")


def test_it_needs_the_minimum_of_anchors(ada):
    ada.subject.samples.first().delete()
    assert try_to_sign_in("ada").reason == "no_match"


def test_it_needs_the_consent_to_stand(ada):
    ada.subject.consents.update(withdrawn_at=timezone.now())
    assert try_to_sign_in("ada").reason == "no_match"


@pytest.mark.parametrize(
    ("picture", "reason"),
    [(faces.no_face(), "no_face"), (faces.two_people(), "several_faces"), (faces.tiny(), "face_too_small")],
    ids=["no-face", "two", "tiny"],
)
def test_it_asks_for_another_picture(ada, picture, reason):
    session = try_to_sign_in("ada", picture)
    assert (session.state, session.reason) == ("created", reason)


def test_it_asks_for_another_picture_when_this_one_is_damaged(ada):
    data = jpeg(portrait())
    session = try_to_sign_in("ada", data[: len(data) // 3])
    assert (session.state, session.reason) == ("created", "unreadable_image")


def test_it_counts_no_failure_when_nothing_was_compared(ada):
    try_to_sign_in("ada", faces.no_face())
    assert set(FailureCount.objects.values_list("failures", "last_failed_at")) == {(0, None)}


def test_it_keeps_the_time_of_the_last_failure_when_nothing_was_compared(bob):
    for _ in range(5):
        try_to_sign_in("bob")
    FailureCount.objects.update(last_failed_at=timezone.now() - timedelta(seconds=31))
    try_to_sign_in("bob", faces.no_face())
    assert open_session("bob").state == "created"


def test_it_counts_no_failure_while_the_worker_is_away(ada):
    session = open_session("ada")
    attempt_submit(session, probe())
    Attempt.objects.update(created_at=timezone.now() - timedelta(seconds=16))
    session_get(session.pk, BROWSER)
    assert set(FailureCount.objects.values_list("failures", flat=True)) == {0}


def test_it_compares_in_vain_under_another_spelling_of_a_locked_account(ada):
    session = open_session("ada")
    FailureCount.objects.create(pk=session.account_key, failures=5, last_failed_at=timezone.now())
    answer = try_to_sign_in("ada@example.org")
    assert (answer.state, answer.reason) == ("failed", "no_match")


@pytest.mark.parametrize("login", ["BOB", " bob ", "\uff42ob"])
def test_it_locks_every_spelling(bob, login):
    for _ in range(5):
        try_to_sign_in("bob")
    with pytest.raises(TooManyAttempts):
        open_session(login)


def test_it_gives_up_on_a_picture_that_kills_the_worker(ada):
    session = open_session("ada")
    attempt = attempt_submit(session, probe())
    Attempt.objects.update(tries=3)
    jobs.attempt_decide(attempt.pk)
    assert session_get(session.pk, BROWSER).reason == "service_unavailable"


def test_messages_that_come_while_it_is_compared_count_no_try(ada, monkeypatch):
    attempt = attempt_submit(open_session("ada"), probe())
    look = attempts._look

    def look_meanwhile(row: Attempt) -> attempts.Comparison | str:
        for _ in range(attempts.MAX_TRIES + 1):
            jobs.attempt_decide(attempt.pk)
        Attempt.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
        assert jobs.attempts_claim_lost() == []
        return look(row)

    monkeypatch.setattr(attempts, "_look", look_meanwhile)
    jobs.attempt_decide(attempt.pk)
    attempt.refresh_from_db()
    assert (attempt.decision, attempt.tries) == ("match", 1)


@pytest.mark.parametrize(("seconds", "worker_lost"), [(6, False), (0, True)])
def test_it_goes_on_where_the_worker_was_lost(ada, seconds, worker_lost):
    attempt = attempt_submit(open_session("ada"), probe())
    Attempt.objects.update(tries=1, begun_at=timezone.now() - timedelta(seconds=seconds))
    jobs.attempt_decide(attempt.pk, worker_lost=worker_lost)
    attempt.refresh_from_db()
    assert (attempt.decision, attempt.tries) == ("match", 2)


@pytest.mark.parametrize("change", [{"is_staff": True}, {"is_active": False}])
def test_it_signs_nobody_in_who_became_staff_or_closed_meanwhile(ada, change):
    session = try_to_sign_in("ada")
    type(ada).objects.filter(pk=ada.pk).update(**change)
    with pytest.raises(SessionClosed):
        session_consume(session.pk, BROWSER)


def test_it_erases_the_probe_after_the_decision(ada):
    try_to_sign_in("ada")
    assert bytes(Attempt.objects.get().sealed_probe) == b""


def test_it_hides_the_probe_before_the_decision(ada):
    attempt_submit(open_session("ada"), probe())
    assert b"JFIF" not in bytes(Attempt.objects.get().sealed_probe)


@pytest.mark.parametrize(
    "vector", [np.zeros(192), np.full(192, np.nan), np.ones(64)], ids=["zero", "nan", "short"]
)
def test_it_fails_closed_on_a_broken_template(ada, vector):
    template = Template.objects.first()
    template.embedding = vector.astype("<f4").tobytes()
    template.save()
    assert try_to_sign_in("ada").reason == "service_unavailable"


def test_it_fails_closed_on_a_template_of_another_row(ada):
    first, second = Template.objects.all()[:2]
    Template.objects.filter(pk=first.pk).update(sealed_embedding=second.sealed_embedding)
    assert try_to_sign_in("ada").reason == "service_unavailable"


def test_it_fails_closed_without_a_model(ada, version):
    session = open_session("ada")
    attempt = attempt_submit(session, probe())
    type(version).objects.update(state="retired")
    jobs.attempt_decide(attempt.pk)
    assert session_get(session.pk, BROWSER).reason == "service_unavailable"


def test_it_decides_once_when_the_message_comes_twice(ada):
    session = open_session("ada")
    attempt = attempt_submit(session, probe())
    jobs.attempt_decide(attempt.pk)
    decided_at = Attempt.objects.get().decided_at
    jobs.attempt_decide(attempt.pk)
    assert Attempt.objects.get().decided_at == decided_at


def test_it_lets_nobody_in_after_the_session_has_expired(ada):
    session = open_session("ada")
    attempt = attempt_submit(session, probe())
    VerificationSession.objects.update(expires_at=timezone.now())
    jobs.attempt_decide(attempt.pk)
    session.refresh_from_db()
    assert session.state == "expired"


def test_it_gives_up_on_a_worker_that_does_not_answer(ada):
    session = open_session("ada")
    attempt = attempt_submit(session, probe())
    Attempt.objects.update(created_at=timezone.now() - timedelta(seconds=16))
    assert session_get(session.pk, BROWSER).reason == "service_unavailable"
    jobs.attempt_decide(attempt.pk)
    assert session_get(session.pk, BROWSER).state == "failed"


def test_it_takes_no_picture_in_a_decided_session(bob):
    session = try_to_sign_in("bob")
    with pytest.raises(SessionClosed):
        attempt_submit(session, probe())


def test_it_ends_a_session_after_too_many_pictures(ada):
    session = open_session("ada")
    for _ in range(6):
        jobs.attempt_decide(attempt_submit(session, probe(faces.no_face())).pk)
    with pytest.raises(SessionClosed):
        attempt_submit(session, probe())


def test_it_uses_a_success_up_once(ada):
    session = try_to_sign_in("ada")
    assert session_consume(session.pk, BROWSER) == ada
    with pytest.raises(SessionClosed):
        session_consume(session.pk, BROWSER)


def test_it_gives_a_success_to_no_other_browser(ada):
    session = try_to_sign_in("ada")
    with pytest.raises(SessionClosed):
        session_consume(session.pk, "another browser")


def test_it_gives_no_stale_success(ada):
    session = try_to_sign_in("ada")
    VerificationSession.objects.update(expires_at=timezone.now())
    with pytest.raises(SessionClosed):
        session_consume(session.pk, BROWSER)


def test_it_does_not_sign_in_with_a_verification(ada):
    session = session_open(purpose="verify", browser_key=BROWSER, source=None, user=ada)
    jobs.attempt_decide(attempt_submit(session, probe()).pk)
    with pytest.raises(SessionClosed):
        session_consume(session.pk, BROWSER)


def test_it_verifies_only_people_with_a_usable_face(stranger):
    with pytest.raises(FaceNotReady):
        session_open(purpose="verify", browser_key=BROWSER, source=None, user=stranger)


def test_it_starts_the_count_afresh_after_a_full_sign_in(bob):
    for _ in range(5):
        try_to_sign_in("bob")
    failures_reset(bob)
    assert open_session("bob").state == "created"


@pytest.mark.parametrize("how", ["consent", "anchor", "account"])
def test_what_was_taken_back_during_the_comparison_matches_nobody(ada, monkeypatch, how):
    def taken_back(*args):
        found = compare(*args)
        if how == "consent":
            consent_withdraw(ada, "sign_in")
        elif how == "anchor":
            sample_delete(ada.subject.samples.first())
        else:
            type(ada).objects.update(is_active=False)
        return found

    compare = attempts._compare
    monkeypatch.setattr(attempts, "_compare", taken_back)
    session = session_open(purpose="verify", browser_key=BROWSER, source=None, user=ada)
    jobs.attempt_decide(attempt_submit(session, probe()).pk)
    session.refresh_from_db()
    assert (session.state, session.reason) == ("failed", "no_match")
    assert Attempt.objects.get().similarity is None
