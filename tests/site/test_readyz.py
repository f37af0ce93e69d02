"""What `/readyz` says of each part, with the part there and with it gone."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrollment.models import Heartbeat, ModelVersion
from enrollment.services import training_run_request
from enrollment.tasks import worker_heartbeat
from faceverify_site.scheduler import Scheduler
from tests.enrollment.test_training_requests import people_set
from tests.factories import model_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def whole(broker):
    """A site of which every part gave a sign of life just now."""
    version = model_version()
    Heartbeat.note("beat")
    for queue in ("biometric", "training", "webhooks"):
        worker_heartbeat(queue)
    return version


def silence(name):
    Heartbeat.objects.filter(pk=name).update(at=timezone.now() - timedelta(seconds=90))


def asked(client):
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def test_it_is_ready(client, whole):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert set(answer.json()["checks"]) == {
        *("database", "broker", "disk", "model", "beat"),
        *("worker_biometric", "worker_training", "worker_webhooks"),
    }
    assert all(set(check) == {"ok", "ms", "detail"} for check in answer.json()["checks"].values())


@pytest.mark.parametrize("part", ["beat", "worker_biometric", "worker_training", "worker_webhooks"])
def test_it_notices_who_is_silent(client, whole, part):
    silence(part.removeprefix("worker_"))
    status, checks = asked(client)
    assert status == 503
    assert "silent for 90 s" in checks[part]["detail"]
    failing = {name for name, check in checks.items() if not check["ok"]}
    assert failing == {part} | ({"model"} if part == "worker_biometric" else set())


def test_nobody_was_ever_heard_of(client, broker):
    model_version()
    status, checks = asked(client)
    assert (status, checks["worker_training"]["detail"]) == (503, "never heard of")


def test_a_long_training_is_no_outage(client, whole):
    people_set()
    run = training_run_request(actor=None, uses_site=False, training_set=people_set("training", digest="b"))
    run.claim()
    run.save()
    silence("training")
    assert asked(client)[0] == 200
    run.heartbeat_at = timezone.now() - timedelta(seconds=90)
    run.save()
    assert not asked(client)[1]["worker_training"]["ok"]


def test_it_notices_a_worker_with_another_model(client, whole):
    Heartbeat.objects.filter(pk="biometric").update(model_digest="f" * 64)
    ModelVersion.objects.update(activated_at=timezone.now() - timedelta(hours=1))
    status, checks = asked(client)
    assert status == 503
    assert checks["model"]["detail"] == f"the worker has {'f' * 12}, expected {whole.digest[:12]}"


def test_it_notices_an_artifact_that_is_gone(client, whole, tmp_path):
    ModelVersion.objects.update(path=str(tmp_path / "gone"), activated_at=timezone.now() - timedelta(hours=1))
    worker_heartbeat("biometric")
    assert "none that can be used" in asked(client)[1]["model"]["detail"]


def test_it_gives_a_new_version_time_to_be_told_of(client, whole):
    Heartbeat.objects.filter(pk="biometric").update(model_digest="f" * 64)
    ModelVersion.objects.update(activated_at=timezone.now() + timedelta(seconds=1))
    assert asked(client)[0] == 200


def test_it_notices_a_model_that_nobody_vouched_for(client, whole):
    ModelVersion.objects.update(signature="forged")
    assert "not signed" in asked(client)[1]["model"]["detail"]


def test_it_notices_a_full_disk(client, whole, settings):
    settings.READY_MIN_FREE_MB = 10**12
    status, checks = asked(client)
    assert (status, checks["disk"]["ok"]) == (503, False)


def test_it_notices_a_broker_that_is_gone(client, whole, monkeypatch, tmp_path):
    from celery import current_app

    monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis+socket://{tmp_path}/none.sock")
    status, checks = asked(client)
    assert status == 503
    assert checks["broker"]["detail"].startswith("does not answer (")
    assert str(tmp_path) not in str(checks)
    assert {name for name, check in checks.items() if not check["ok"]} == {"broker"}


def test_it_answers_without_a_database(client, whole, monkeypatch):
    from django.db.utils import OperationalError

    def refuse(*_):
        raise OperationalError("no connection to db.internal as faceverify")

    monkeypatch.setattr(connection, "cursor", refuse)
    status, checks = asked(client)
    assert status == 503
    assert checks["database"]["detail"] == "does not answer (OperationalError)"
    assert checks["beat"]["detail"] == "not known without database"


def test_it_asks_few_questions(client, whole):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        asked(client)
    assert len(queries) <= 8


def test_a_sign_of_life_is_one_statement(whole):
    with CaptureQueriesContext(connection) as queries:
        Heartbeat.note("beat")
    assert len([query for query in queries if "heartbeat" in query["sql"]]) == 1
    assert Heartbeat.objects.filter(pk="beat").count() == 1


def test_beat_tells_of_itself_now_and_then(db):
    from faceverify_site.celery import app

    scheduler = Scheduler(app=app, lazy=True)
    scheduler._note()
    first = Heartbeat.objects.get(pk="beat").at
    scheduler._note()
    assert Heartbeat.objects.get(pk="beat").at == first
