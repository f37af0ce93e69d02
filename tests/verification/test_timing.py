"""How long an answer takes tells nothing about who is enrolled."""

import time

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.faces import jpeg, portrait
from tests.factories import UserFactory, enrolled_subject
from verification import jobs
from verification.models import FailureCount
from verification.services import attempt_submit, session_open

pytestmark = pytest.mark.django_db
TRIES = 80
MOST_TELLING = 0.6  # area under the curve; 0.5 is a coin


def seconds_to_refuse(login: str, probe: bytes) -> float:
    began = time.perf_counter()
    session = session_open(purpose="sign_in", browser_key="x", source=None, login=login)
    jobs.attempt_decide(attempt_submit(session, SimpleUploadedFile("x.jpg", probe)).pk)
    took = time.perf_counter() - began
    session.refresh_from_db()
    assert session.reason == "no_match"
    return took


def area_under_curve(first: list[float], second: list[float]) -> float:
    return float(np.mean(np.array(first)[:, None] < np.array(second)[None]))


@pytest.mark.parametrize("other", ["nobody", "faceless"])
def test_an_unknown_account_and_one_without_a_face_answer_as_slowly_as_a_wrong_face(
    version, other_embedding, other
):
    enrolled_subject(version, other_embedding, username="enrolled")
    UserFactory(username="faceless")
    probe = jpeg(portrait())
    seconds_to_refuse("warm up", probe)
    took: dict[str, list[float]] = {"enrolled": [], other: []}
    for number in range(TRIES):
        for login in sorted(took, reverse=number % 2 == 0):  # neither is always the first
            took[login].append(seconds_to_refuse(login, probe))
            FailureCount.objects.all().delete()
    telling = area_under_curve(took["enrolled"], took[other])
    assert 1 - MOST_TELLING < telling < MOST_TELLING
