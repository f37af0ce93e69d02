"""Fifty tries at the same moment, each decided by the real job: what is counted is what was really compared."""

import threading
from collections import Counter

import numpy as np
import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.jobs import pipeline_for
from ml.siamese.rules import TemplateMean
from tests.crowd import at_once
from tests.faces import jpeg, portrait
from tests.factories import enrolled_subject
from verification import jobs
from verification.errors import ServiceUnavailable, TooManyAttempts
from verification.jobs.attempts import attempts_claim_lost
from verification.models import Attempt, FailureCount, VerificationSession
from verification.services import attempt_submit, session_open

pytestmark = pytest.mark.django_db(transaction=True)
TRIES, FREE = 50, 5
WRONG_FACE = jpeg(portrait())
WORKER = threading.Lock()  # one worker, which decides one attempt after the other


@pytest.fixture
def bob(version, other_embedding):
    pipeline_for(version)  # loaded before anybody tries, as in a worker
    return enrolled_subject(version, other_embedding, username="bob").user


@pytest.fixture
def compared(monkeypatch, other_embedding):
    """Whose anchors the comparator was given, once for each call."""
    calls: list[str] = []
    score = TemplateMean.score

    def counted(rule, anchors, probe):
        calls.append("bob" if np.allclose(anchors, other_embedding, atol=1e-6) else "nobody")
        return score(rule, anchors, probe)

    monkeypatch.setattr(TemplateMean, "score", counted)
    return calls


def sessions_of(*logins: str) -> list[VerificationSession]:
    """As many sessions as there are tries, each from an address of its own."""
    return [
        session_open(
            purpose="sign_in",
            browser_key="browser",
            source=f"192.0.2.{number}",
            login=logins[number % len(logins)],
        )
        for number in range(TRIES)
    ]


def outcome(session: VerificationSession) -> str:
    """What becomes of one try with a wrong face."""
    try:
        attempt = attempt_submit(session, SimpleUploadedFile("x.jpg", WRONG_FACE))
    except (TooManyAttempts, ServiceUnavailable) as error:
        return error.code
    with WORKER:
        jobs.attempt_decide(attempt.pk)
    session.refresh_from_db()
    return f"{session.state} {session.reason}"


def test_fifty_parallel_tries_reach_the_comparator_five_times(broker, bob, compared):
    outcomes = Counter(at_once(outcome, sessions_of("bob")))
    assert compared == ["bob"] * FREE
    assert outcomes == {"failed no_match": FREE, "too_many_attempts": TRIES - FREE}


def test_two_spellings_of_one_account_share_its_five(broker, bob, compared):
    """Each spelling is answered five times, so that nobody learns that they are one account; bob meets five."""
    outcomes = Counter(at_once(outcome, sessions_of("bob", bob.email)))
    assert Counter(compared) == {"bob": FREE, "nobody": FREE}
    assert outcomes == {"failed no_match": 2 * FREE, "too_many_attempts": TRIES - 2 * FREE}
    assert Attempt.objects.exclude(similarity=None).count() == FREE


@pytest.fixture
def broker_away(monkeypatch, tmp_path):
    """Nothing listens where the broker should be, and no connection is left from before."""
    monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis+socket://{tmp_path}/none.sock")
    monkeypatch.setattr(current_app, "_pool", None)
    monkeypatch.setattr(current_app.amqp, "_producer_pool", None)


def test_without_a_broker_nothing_is_compared_nobody_gets_in_and_nothing_counts(bob, compared, broker_away):
    outcomes = Counter(at_once(outcome, sessions_of("bob")))
    assert outcomes["service_unavailable"] >= FREE
    assert set(outcomes) <= {"service_unavailable", "too_many_attempts"}
    assert attempts_claim_lost() == []  # nor does a sweep find anything to compare later
    assert compared == []
    assert set(Attempt.objects.values_list("state", flat=True)) == {"void"}
    assert not VerificationSession.objects.filter(state="succeeded").exists()
    assert set(FailureCount.objects.values_list("failures", flat=True)) == {0}
