from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.faces import jpeg, portrait
from verification import jobs
from verification.models import Attempt, FailureCount, VerificationSession
from verification.services import attempt_submit, session_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt():
    session = session_open(purpose="sign_in", browser_key="browser", source=None, login="ada")
    return attempt_submit(session, SimpleUploadedFile("probe.jpg", jpeg(portrait())))


def test_it_queues_a_lost_attempt_again_once(attempt):
    Attempt.objects.update(queued_at=timezone.now() - timedelta(seconds=30))
    assert jobs.attempts_claim_lost() == [attempt.pk]
    assert jobs.attempts_claim_lost() == []


def test_it_leaves_a_fresh_attempt_alone(attempt):
    assert jobs.attempts_claim_lost() == []


def test_it_expires_overdue_sessions_and_erases_their_probes(attempt):
    VerificationSession.objects.update(expires_at=timezone.now())
    assert jobs.sessions_expire() == 1
    assert VerificationSession.objects.get().state == "expired"
    assert bytes(Attempt.objects.get().sealed_probe) == b""


def test_it_takes_back_the_count_of_a_picture_nobody_looked_at(attempt):
    VerificationSession.objects.update(expires_at=timezone.now())
    jobs.sessions_expire()
    assert set(FailureCount.objects.values_list("failures", flat=True)) == {0}


def test_it_leaves_open_sessions_alone(attempt):
    assert jobs.sessions_expire() == 0
