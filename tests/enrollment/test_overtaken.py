"""Erasing somebody whom others are busy with."""

import threading

import pytest
from django.db import IntegrityError, connection
from django.db.models.signals import pre_delete

from enrollment.models import Subject
from enrollment.services import subject_delete, user_erase
from enrollment.services.overtaken import TRIES, persistently
from tests.factories import ConsentFactory, SubjectFactory, service_key
from verification.models import Attempt, VerificationSession

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def overtake():
    """Makes another connection add an attempt to a session, once its owner's rows are looked up for deletion."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one write at a time")
    receivers = []

    def once(session) -> None:
        def begin(**_):
            pre_delete.disconnect(begin, sender=Subject)
            thread = threading.Thread(target=add)
            thread.start()
            thread.join()

        def add():
            Attempt.objects.create(session=session, state="void")
            connection.close()

        receivers.append(begin)
        pre_delete.connect(begin, sender=Subject, weak=False)

    yield once
    for begin in receivers:
        pre_delete.disconnect(begin, sender=Subject)


def test_it_gives_up_after_a_few_tries():
    tries = []

    @persistently
    def fail():
        tries.append(1)
        raise IntegrityError

    with pytest.raises(IntegrityError):
        fail()
    assert len(tries) == TRIES


def test_it_erases_an_account_that_is_being_verified(overtake):
    user = ConsentFactory().subject.user
    overtake(session_of(user=user))
    user_erase(user)
    assert not Subject.objects.exists()


def test_it_erases_a_subject_that_is_being_verified(overtake):
    subject = ConsentFactory(subject=SubjectFactory(user=None)).subject
    overtake(session_of(subject=subject, service_key=service_key("verify")[0]))
    subject_delete(subject)
    assert not Subject.objects.exists()


def session_of(**whose) -> VerificationSession:
    return VerificationSession.objects.create(
        purpose="verify", account_key="a", login_key="a", browser_key="b", **whose
    )
