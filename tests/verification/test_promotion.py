"""Rightful people while the model version changes: none is turned away, and no two versions are compared."""

import threading

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connections, transaction
from django.db.models import F

from enrollment.jobs import reembedding, template_extract
from enrollment.models import Promotion
from enrollment.services import model_version_promote, model_version_roll_back
from tests.enrollment.test_promotions import registered
from tests.faces import portraits
from tests.factories import ConsentFactory, SampleFactory, model_version
from tests.verification.test_attempts import open_session, probe, try_to_sign_in
from verification import jobs
from verification.models import Attempt
from verification.services import attempt_submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture
def active():
    return model_version()


@pytest.fixture
def candidate(active, tmp_path):
    return registered(tmp_path / "twin-1")


@pytest.fixture
def ada(active):
    subject = ConsentFactory(subject__user__username="ada").subject
    for picture in portraits():
        sample = SampleFactory(subject=subject, image=ContentFile(picture, name="x"))
        template_extract(str(sample.pk))
    return subject


def promote(version) -> Promotion:
    promotion = model_version_promote(version, actor=None)
    reembedding.promotion_execute(promotion.pk)
    return promotion


def test_it_lets_people_in_before_between_and_after(ada, active, candidate):
    states = [try_to_sign_in("ada").state]
    promote(candidate)
    states.append(try_to_sign_in("ada").state)
    model_version_roll_back(candidate, actor=None)
    states.append(try_to_sign_in("ada").state)
    assert states == ["succeeded"] * 3
    versions = Attempt.objects.order_by("pk").values_list("model_version", "anchors_version")
    assert list(versions) == [(active.pk,) * 2, (candidate.pk,) * 2, (active.pk,) * 2]


def test_an_attempt_ends_under_the_version_it_began_with(ada, active, candidate, monkeypatch):
    attempt = attempt_submit(open_session("ada"), probe())
    pipeline_for = jobs.attempts.pipeline_for

    def switch_meanwhile(version):
        promote(candidate)
        return pipeline_for(version)

    monkeypatch.setattr(jobs.attempts, "pipeline_for", switch_meanwhile)
    jobs.attempt_decide(attempt.pk)
    attempt.refresh_from_db()
    candidate.refresh_from_db()
    assert (attempt.decision, attempt.model_version, candidate.state) == ("match", active, "active")


def test_nobody_is_turned_away_while_versions_come_and_go(ada, active, candidate):
    over = threading.Event()

    def change():
        try:
            while not over.is_set():
                promote(candidate)
                model_version_roll_back(candidate, actor=None)
        finally:
            connections.close_all()

    thread = threading.Thread(target=change)
    thread.start()
    states = {try_to_sign_in("ada").state for _ in range(30)}
    over.set()
    thread.join()
    assert states == {"succeeded"}
    assert not Attempt.objects.exclude(model_version=F("anchors_version")).exists()


def test_the_database_refuses_an_attempt_across_versions(ada, active, candidate):
    try_to_sign_in("ada")
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.update(anchors_version=candidate)
