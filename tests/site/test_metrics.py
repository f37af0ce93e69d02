"""What `/metrics` tells, to whom, and that figures of many processes add up."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.utils import timezone

from enrollment import metrics
from enrollment.jobs import template_extract
from enrollment.models import Heartbeat, TrainingRun
from tests.enrollment.test_training_requests import people_set
from tests.faces import jpeg, portrait
from tests.factories import ConsentFactory, SampleFactory, model_version

pytestmark = pytest.mark.django_db
OPERATIONS = configured.BASE_DIR / "docs" / "operations.md"
DASHBOARD = configured.BASE_DIR / "deploy" / "grafana" / "faceverify.json"


def told(client, **headers) -> str:
    return client.get("/metrics", headers={"Host": "localhost", **headers}).content.decode()


def figure(client, name) -> float:
    line = next((line for line in told(client).splitlines() if line.startswith(name)), "x 0")
    return float(line.rsplit(" ", 1)[1])


class TestWhoMayLook:
    def test_this_machine_may(self, client, broker):
        assert "faceverify_heartbeat_age_seconds" in told(client)

    @pytest.mark.parametrize(
        "extra",
        [
            {"REMOTE_ADDR": "192.0.2.7"},
            {"HTTP_HOST": "testserver"},
            {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
            {"HTTP_X_FORWARDED_PROTO": "https"},
            {"HTTP_X_REAL_IP": "192.0.2.7"},
            {"HTTP_VIA": "1.1 proxy"},
        ],
    )
    def test_nobody_else_may_nor_through_a_proxy(self, client, extra):
        assert client.get("/metrics", **{"HTTP_HOST": "localhost"} | extra).status_code == 403

    def test_behind_a_proxy_it_takes_a_token(self, client, settings):
        settings.FORWARDED_FOR_HOPS = 1
        assert client.get("/metrics", headers={"Host": "localhost"}).status_code == 403

    @pytest.mark.parametrize("sent", ["", "Bearer wrong", "let-me-look", "Bearer é"])
    def test_a_wrong_token_opens_nothing(self, client, settings, sent):
        settings.METRICS_TOKEN = "let-me-look"
        headers = {"Host": "localhost", "Authorization": sent}
        assert client.get("/metrics", headers=headers).status_code == 403

    def test_the_token_opens_it_from_anywhere(self, client, settings, broker):
        settings.METRICS_TOKEN = "let-me-look"
        answer = client.get(
            "/metrics", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer let-me-look"}
        )
        assert answer.status_code == 200


class TestFigures:
    def test_it_counts_requests_by_view_and_not_by_address(self, client, broker):
        name = 'faceverify_http_request_seconds_count{method="GET",status="200",view="limits"}'
        before = figure(client, name)
        client.get("/limits/?name=adalovelace")
        assert figure(client, name) == before + 1
        assert "adalovelace" not in told(client)

    def test_made_up_methods_share_one_figure(self, client, broker):
        client.generic("BREW", "/limits/")
        assert "BREW" not in told(client)
        assert 'method="OTHER"' in told(client)

    def test_it_times_every_stage_and_counts_what_came_of_it(
        self, client, broker, django_capture_on_commit_callbacks
    ):
        model_version()
        picture = ContentFile(jpeg(portrait()), name="x")
        sample = SampleFactory(subject=ConsentFactory().subject, image=picture)
        stages = ["decode", "detect", "landmarks", "align", "embed"]
        names = [f'faceverify_stage_seconds_count{{stage="{stage}"}}' for stage in stages]
        names.append('faceverify_samples_total{reason="",state="accepted"}')
        before = [figure(client, name) for name in names]
        with django_capture_on_commit_callbacks(execute=True):
            template_extract(str(sample.pk))
        assert all(figure(client, name) > count for name, count in zip(names, before, strict=True)), told(
            client
        )

    def test_it_tells_how_things_stand(self, client, broker):
        version = model_version()
        Heartbeat.note("beat")
        TrainingRun.objects.create(network="x", epochs=1, evaluation_set=people_set())
        SampleFactory(created_at=timezone.now())
        text = told(client)
        assert 'faceverify_training_runs{state="requested"} 1.0' in text
        assert 'faceverify_waiting{kind="sample"} 1.0' in text
        assert f'version="{version.name}"' in text
        assert 'faceverify_queue_length{queue="biometric"}' in text

    def test_it_answers_without_a_broker(self, client, monkeypatch, tmp_path):
        from celery import current_app

        monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis+socket://{tmp_path}/none.sock")
        assert "faceverify_queue_length{" not in told(client)


COUNTING = """
import os, sys
import django
django.setup()
from enrollment import metrics
metrics.ATTEMPTS.labels("test", sys.argv[1]).inc()
if os.fork() == 0:
    metrics.ATTEMPTS.labels("test", sys.argv[1]).inc()
    os._exit(0)
os.wait()
"""


def test_figures_of_processes_and_their_children_add_up_and_outlive_them(client, broker):
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", COUNTING, "added"],
            check=True,
            cwd=configured.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        )
    assert figure(client, 'faceverify_attempts_total{decision="test",reason="added"}') == 4
    assert len(list(metrics.FOLDER.glob("counter_*.db"))) <= 3


def test_a_process_takes_the_place_of_one_that_is_gone(tmp_path):
    first, second = metrics.Place(tmp_path), metrics.Place(tmp_path)
    assert (first(), second(), first()) == (0, 1, 0)
    os.close(first.lock)
    third = metrics.Place(tmp_path)
    assert third() == 0
    os.close(second.lock)
    os.close(third.lock)


def test_a_full_disk_ends_no_process_that_counts(tmp_path):
    """Its files have all their blocks from the beginning, so that writing needs none."""
    place = metrics.Place(tmp_path)
    place()
    os.close(place.lock)
    for file in tmp_path.glob("*.db"):
        assert 512 * file.stat().st_blocks >= file.stat().st_size == metrics.ALLOCATED_BYTES


def test_the_dashboard_names_only_what_is_there(client, broker):
    model_version()
    Heartbeat.note("beat")
    metrics.STAGE.labels("decide").observe(0.1)
    metrics.ATTEMPTS.labels("match", "").inc()
    metrics.SAMPLES.labels("rejected", "blurred").inc()
    metrics.QUEUE_WAIT.labels("biometric").observe(0.1)
    metrics.TASK.labels("task", "SUCCESS").observe(0.1)
    client.get("/limits/")
    there = set(re.findall(r"^(faceverify_\w+)", told(client), re.MULTILINE))
    asked = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            asked |= set(re.findall(r"faceverify_\w+", target["expr"]))
    assert asked
    assert asked <= there
    assert {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in there} <= {
        name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in asked
    }


def test_the_web_process_stays_light():
    """Metrics bring neither OpenCV nor LiteRT nor TensorFlow along."""
    code = (
        "import django; django.setup(); import faceverify_site.urls, sys;"
        "print([m for m in ('cv2', 'ai_edge_litert', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True,
        cwd=configured.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_docs_name_every_stage():
    """Those that the code times, and no other."""
    row = next(line for line in OPERATIONS.read_text().splitlines() if "`faceverify_stage_seconds`" in line)
    packages = [configured.BASE_DIR / name for name in ("ml", "enrollment", "verification")]
    code = "".join(path.read_text() for package in packages for path in package.rglob("*.py"))
    timed = set(re.findall(r'\bstage\("(\w+)"\)', code))
    assert timed == set(re.findall(r"`(\w+)`", row)) - {"faceverify_stage_seconds"}
