"""What is done for an answer tells nothing about who is enrolled; `benchmarks/answer_times.py` measures the time."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.models import User
from tests.faces import jpeg, portrait
from tests.factories import UserFactory, enrolled_subject
from verification import jobs
from verification.errors import SessionClosed
from verification.services import attempt_submit, session_consume, session_open

pytestmark = pytest.mark.django_db


def statements(login: str) -> list[str]:
    """Which kind of statement, in order, from the open session to the refusal, and to an attempt to go on anyway."""
    with CaptureQueriesContext(
        connection,
    ) as context:
        session = session_open(purpose="sign_in", browser_key="x", source=None, login=login)
        pictures = [jpeg(portrait(), quality=quality) for quality in range(80, 84)]
        files = [SimpleUploadedFile("x.jpg", picture) for picture in pictures]
        jobs.attempt_decide(attempt_submit(session, *files[: len(session.challenge) * 2 or 1]).pk)
        with pytest.raises(SessionClosed):
            session_consume(session.pk, "x")
    session.refresh_from_db()
    assert session.reason == "no_match"
    return [query["sql"].split(maxsplit=1)[0] for query in context]


@pytest.mark.parametrize("liveness", ["off", "required"])
@pytest.mark.parametrize(
    ("known", "other"),
    [
        ("enrolled", "nobody"),
        ("enrolled", "faceless"),
        ("enrolled@example.org", "nobody@example.org"),
        ("enrolled@example.org", "faceless@example.org"),
    ],
)
def test_an_unknown_account_and_one_without_a_face_ask_as_much_of_the_database_as_a_wrong_face(
    version, other_embedding, settings, known, other, liveness
):
    settings.LIVENESS = liveness
    enrolled_subject(version, other_embedding, username="enrolled")
    User.objects.filter(username="enrolled").update(email="enrolled@example.org")
    UserFactory(username="faceless", email="faceless@example.org")
    statements("warm up")
    assert statements(known) == statements(other)
