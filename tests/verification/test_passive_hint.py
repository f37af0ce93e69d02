"""What staff read of a sign-in's first picture. It changes nothing for whoever signs in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.faces import jpeg, portrait
from tests.factories import UserFactory
from verification import jobs
from verification.models import Attempt
from verification.services import attempt_submit, session_open

pytestmark = pytest.mark.django_db


def decided(user, purpose="sign_in") -> Attempt:
    login = user.username if purpose == "sign_in" else ""
    session = session_open(purpose=purpose, browser_key="b", source=None, user=user, login=login)
    jobs.attempt_decide(attempt_submit(session, SimpleUploadedFile("x.jpg", jpeg(portrait()))).pk)
    return Attempt.objects.get()


def test_a_sign_in_is_measured(ada):
    assert 0 <= decided(ada).attack_probability <= 1


def test_it_is_not_measured_where_nothing_is_opened(ada):
    assert decided(ada, "verify").attack_probability is None


def test_it_is_not_measured_where_the_operator_switched_it_off(ada, settings):
    settings.PASSIVE_CHECK = False
    assert decided(ada).attack_probability is None


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_it_refuses_nobody_and_lets_nobody_in(ada, monkeypatch, probability):
    monkeypatch.setattr("ml.faces.liveness.passive.PassiveCheck.of_face", lambda *_: probability)
    attempt = decided(ada)
    assert (attempt.attack_probability, attempt.decision) == (probability, "match")


@pytest.mark.parametrize(("probability", "verdict"), [(0.71, "yes, 0.71."), (0.2, "no, 0.20."), (None, "-")])
def test_staff_read_it_with_its_errors(ada, browser_of, probability, verdict):
    attempt = decided(ada)
    Attempt.objects.update(attack_probability=probability)
    staff = browser_of(UserFactory(is_staff=True, is_superuser=True))
    page = staff.get(f"/admin/verification/attempt/{attempt.pk}/change/").content.decode()
    assert verdict in page
    assert ("four attacks in ten" in page) == (probability is not None)


def test_nobody_else_reads_it(ada, browser_of):
    attempt = decided(ada)
    answer = browser_of(ada).get(f"/api/v1/verification-sessions/{attempt.session_id}")
    assert b"probab" not in answer.content
