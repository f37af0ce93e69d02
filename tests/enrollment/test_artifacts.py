"""Artifacts in the storage of models: there and back, and what is refused on the way."""

import errno
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from enrollment.errors import ModelUnavailable, TrainingFailed
from enrollment.jobs import artifacts, pipeline_for
from enrollment.models import ModelVersion, PeopleSet, TrainingRun
from enrollment.models.stored_artifact import artifact_erase
from enrollment.services import models_orphans_erase
from ml.serving.artifacts import Artifact, rewrite_manifest
from tests.factories import model_version


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    """Storage and cache of this test alone."""
    settings.MODEL_CACHE = tmp_path / "cache"
    settings.STORAGES = site.STORAGES | {
        "models": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "stored")},
        }
    }


def stored():
    path = artifacts.artifact_store(Path(site.FACE_MODEL))
    version = ModelVersion(name="stored", path=path, digest=path)
    version.sign()
    return version


def test_it_serves_an_artifact_from_the_storage():
    assert pipeline_for(stored()).artifact.name == "mobilefacenet-base-1"


def test_it_fetches_once(settings):
    version = stored()
    first = artifacts.artifact_folder(version)
    storages["models"].delete(f"{version.path}/manifest.json")
    assert artifacts.artifact_folder(version) == first
    assert Artifact.load(first).digest == version.digest


def test_it_refuses_what_was_altered_in_the_storage():
    version = stored()
    target = f"{version.path}/embedding.tflite"
    storages["models"].delete(target)
    storages["models"].save(target, ContentFile(b"other weights"))
    with pytest.raises(ModelUnavailable):
        pipeline_for(version)


@pytest.mark.django_db
def test_it_refuses_what_is_not_signed():
    version = model_version()
    version.signature = "forged"
    with pytest.raises(ModelUnavailable):
        pipeline_for(version)


@pytest.mark.django_db
def test_it_says_so_when_the_storage_has_nothing():
    version = stored()
    assert artifact_erase(version.path)
    assert storages["models"].listdir("") == ([], [])
    with pytest.raises(ModelUnavailable):
        artifacts.artifact_folder(version)


@pytest.mark.django_db
def test_it_erases_nothing_that_a_version_names():
    version = stored()
    version.save()
    assert not artifact_erase(version.path)
    assert pipeline_for(version).artifact.digest == version.digest


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["running", "cancelled"])
def test_it_sweeps_what_a_training_left_an_hour_ago(tmp_path, monkeypatch, state):
    judged_on = PeopleSet.objects.create(name="e", purpose="evaluation", subjects=60, images=300, file="e")
    finished = {} if state == "running" else {"finished_at": timezone.now()}
    TrainingRun.objects.create(network="x", epochs=1, evaluation_set=judged_on, state=state, **finished)
    named = stored()
    named.save()
    left = shutil.copytree(site.FACE_MODEL, tmp_path / "left")
    rewrite_manifest(left, {"name": "left"})
    artifacts.artifact_store(left)
    assert models_orphans_erase() == 0
    monkeypatch.setattr("enrollment.services.files.ORPHAN_AFTER", -timedelta(minutes=1))
    assert models_orphans_erase() == (state == "cancelled")
    assert named.path in storages["models"].listdir("")[0]


@pytest.mark.django_db(transaction=True)
def test_a_worker_taken_for_dead_leaves_what_its_successor_stored(settings, tmp_path, monkeypatch):
    from enrollment.jobs import training
    from enrollment.jobs.training_rows import Outcome

    settings.TRAINING_DIR, model, champion = tmp_path / "training", tmp_path / "model", model_version()
    rewrite_manifest(shutil.copytree(site.FACE_MODEL, model), {"name": "challenger"})
    judged_on = PeopleSet.objects.create(name="e", purpose="evaluation", subjects=60, images=300, file="e")
    run = TrainingRun.objects.create(network="x", epochs=1, champion=champion, evaluation_set=judged_on)
    version = ModelVersion.objects.create(name="challenger", network="x", state="draft", created_by_run=run)
    finish = training.run_finish

    def learned(_: object) -> Outcome:
        path = artifacts.artifact_store(model)
        return Outcome(path, path, (model / "manifest.json").read_text(), {}, passed=True)

    def overtaken(*args):
        """It froze after storing the model; the other one comes to the same, byte by byte."""
        monkeypatch.setattr(training, "run_finish", finish)
        TrainingRun.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
        training.training_run_execute(run.pk)
        return finish(*args)

    monkeypatch.setattr(training, "run_finish", overtaken)
    monkeypatch.setattr(training._Execution, "carry_out", learned)
    training.training_run_execute(run.pk)
    version.refresh_from_db()
    assert (version.state, pipeline_for(version).artifact.name) == ("candidate", "challenger")


def test_a_failure_leaves_what_another_worker_stored(monkeypatch):
    version = stored()
    storages["models"].delete(f"{version.path}/MODEL_CARD.md")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(artifacts, "_store", full)
    with pytest.raises(TrainingFailed):
        stored()
    assert pipeline_for(version).artifact.digest == version.digest


def test_a_full_disk_is_named_and_left_clean(small_disk, settings):
    settings.STORAGES["models"]["OPTIONS"]["location"] = str(small_disk)
    with pytest.raises(TrainingFailed) as caught:
        artifacts.artifact_store(Path(site.FACE_MODEL))
    assert caught.value.code == "disk_full"
    assert not [path for path in small_disk.rglob("*") if path.is_file()]
