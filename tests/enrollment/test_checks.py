import shutil
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import OperationalError, connection

from enrollment.checks import (
    check_active_model,
    check_artifact,
    check_broker_socket,
    check_encryption_keys,
    check_memory_limit,
    check_retraining,
)
from enrollment.jobs import artifacts
from enrollment.models import ModelVersion
from tests.factories import model_version

DATABASES = ["default"]


def test_it_passes_a_complete_site():
    assert check_artifact() + check_broker_socket() + check_encryption_keys() == []


def test_it_refuses_a_bad_key(settings):
    settings.FACE_ENCRYPTION_KEYS = ["c2hvcnQ="]
    assert [error.id for error in check_encryption_keys()] == ["enrollment.E001"]


def test_it_refuses_a_missing_artifact(settings, tmp_path):
    settings.FACE_MODEL = str(tmp_path)
    assert [error.id for error in check_artifact()] == ["enrollment.E002"]


def test_it_refuses_a_socket_path_that_is_too_long(settings):
    settings.REDIS_URL, settings.BROKER_SOCKET = "", Path("/" + "x" * 120)
    assert [error.id for error in check_broker_socket()] == ["enrollment.E003"]


def test_it_refuses_an_unknown_policy_of_promotion(settings):
    assert check_retraining() == []
    settings.RETRAINING_PROMOTE = "sometimes"
    assert [error.id for error in check_retraining()] == ["enrollment.E010"]


def words_about_the_model() -> str:
    return " ".join(error.msg for error in check_active_model(databases=DATABASES))


@pytest.fixture
def copy(tmp_path, db):
    """The active model, in a folder that may be spoilt."""
    folder = tmp_path / "model"
    shutil.copytree(site.FACE_MODEL, folder)
    model_version()
    ModelVersion.objects.update(path=str(folder))
    return folder


@pytest.mark.django_db
def test_a_site_without_a_model_may_start():
    assert check_active_model(databases=DATABASES) == []


def test_it_trusts_what_the_site_signed(copy):
    assert check_active_model(databases=DATABASES) == []


def test_it_refuses_a_model_that_is_not_signed(copy):
    ModelVersion.objects.update(signature="forged")
    assert "not signed" in words_about_the_model()


@pytest.mark.parametrize("name", ["manifest.json", "embedding.tflite", "embedding.keras"])
def test_it_refuses_a_file_that_was_altered(copy, name):
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    assert f"{name} was altered" in words_about_the_model()


@pytest.mark.parametrize("name", ["manifest.json", "embedding.tflite"])
def test_it_refuses_a_file_that_is_gone(copy, name):
    (copy / name).unlink()
    assert "files are missing" in words_about_the_model()


def test_commands_that_put_it_right_may_run(copy):
    ModelVersion.objects.update(signature="forged")
    assert check_active_model() == []


def test_a_database_that_is_away_stops_nobody(copy):
    def refuse(*_):
        raise OperationalError("gone")

    with connection.execute_wrapper(refuse):
        assert check_active_model(databases=DATABASES) == []


@pytest.fixture
def stored(copy, settings, tmp_path):
    """The same model in the storage that all machines share."""
    settings.MODEL_CACHE = tmp_path / "cache"
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = site.STORAGES | {
        "models": backend | {"OPTIONS": {"location": str(tmp_path / "stored")}}
    }
    ModelVersion.objects.update(path=artifacts.artifact_store(copy))
    return ModelVersion.objects.get()


def alter(version):
    target = f"{version.path}/embedding.tflite"
    storages["models"].delete(target)
    storages["models"].save(target, ContentFile(b"other weights"))


def test_it_looks_into_the_storage_before_there_is_a_copy(stored):
    assert check_active_model(databases=DATABASES) == []
    alter(stored)
    assert "embedding.tflite was altered" in words_about_the_model()


def test_it_looks_at_the_copy_where_there_is_one(stored):
    folder = artifacts.artifact_folder(stored)
    alter(stored)
    assert check_active_model(databases=DATABASES) == []
    (folder / "embedding.tflite").write_bytes(b"other weights")
    assert "embedding.tflite was altered" in words_about_the_model()


def test_a_storage_that_is_away_stops_nobody(stored, monkeypatch):
    def refuse(*_, **__):
        raise OSError(5, "the object store failed")

    monkeypatch.setattr(type(storages["models"]), "open", refuse)
    assert check_active_model(databases=DATABASES) == []


@pytest.mark.parametrize(
    ("mb", "errors"), [(0, []), (1024, []), (20, ["enrollment.E007"]), (-1, ["enrollment.E007"])]
)
def test_it_refuses_a_memory_limit_that_nothing_fits_into(settings, mb, errors):
    settings.FACE_MEMORY_LIMIT_MB = mb
    assert [error.id for error in check_memory_limit()] == errors
