"""Artifacts in the storage of models: there and back, and what is refused on the way."""

from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from enrollment.errors import ModelUnavailable, TrainingFailed
from enrollment.jobs import artifacts, pipeline_for
from enrollment.models import ModelVersion
from ml.serving.artifacts import Artifact
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


def test_it_says_so_when_the_storage_has_nothing():
    version = stored()
    artifacts.artifact_erase(version)
    with pytest.raises(ModelUnavailable):
        artifacts.artifact_folder(version)


def test_a_full_disk_is_named_and_left_clean(small_disk, settings):
    settings.STORAGES["models"]["OPTIONS"]["location"] = str(small_disk)
    with pytest.raises(TrainingFailed) as caught:
        artifacts.artifact_store(Path(site.FACE_MODEL))
    assert caught.value.code == "disk_full"
    assert not [path for path in small_disk.rglob("*") if path.is_file()]
