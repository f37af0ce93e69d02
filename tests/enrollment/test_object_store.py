"""Pictures and models in a bucket, on a server that speaks S3."""

from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from environ import Env
from moto.server import ThreadedMotoServer

from enrollment.jobs import artifacts
from enrollment.models import ModelVersion
from enrollment.models.stored_artifact import artifact_erase
from enrollment.services import face_erase, files, keys_rotate, orphans_erase
from enrollment.storage import faces_storage
from faceverify_site.storages import storage_of
from tests.enrollment.test_key_rotation import fresh_key
from tests.faces import jpeg, portrait
from tests.factories import SampleFactory

BUCKET = "faces-of-the-tests"


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def bucket(server, settings, tmp_path, monkeypatch):
    """An empty bucket, which the settings name."""
    keys = {"MEDIA_S3_ACCESS_KEY": "access", "MEDIA_S3_SECRET_KEY": "secret", "MEDIA_S3_REGION": "us-east-1"}
    for name, value in (keys | {"MEDIA_S3_BUCKET": BUCKET, "MEDIA_S3_ENDPOINT": server}).items():
        monkeypatch.setenv(name, value)
    store = boto3.resource(
        "s3", endpoint_url=server, aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"
    )
    bucket = store.create_bucket(Bucket=BUCKET)
    of = {alias: storage_of(Env(), Path(folder)) for alias, folder in PLACES.items()}
    settings.STORAGES, settings.MODEL_CACHE = site.STORAGES | of, tmp_path / "cache"
    yield bucket
    bucket.objects.all().delete()
    store.meta.client.close()


PLACES = {"faces_backend": "faces", "models": "models"}


def names(bucket) -> list[str]:
    return [entry.key for entry in bucket.objects.all()]


@pytest.mark.django_db
def test_a_picture_lies_there_encrypted(bucket):
    sample = SampleFactory(image=ContentFile(jpeg(portrait()), name="x"))
    (name,) = names(bucket)
    stored = bucket.Object(name).get()["Body"].read()
    assert name == f"faces/{sample.image.name}"
    assert b"JFIF" not in stored
    assert sample.image.open().read() == jpeg(portrait())


@pytest.mark.django_db
def test_erasing_a_face_removes_its_pictures(bucket, django_capture_on_commit_callbacks):
    sample = SampleFactory()
    with django_capture_on_commit_callbacks(execute=True):
        face_erase(sample.subject.user)
    assert names(bucket) == []


@pytest.mark.django_db
def test_what_no_row_names_is_swept(bucket, monkeypatch):
    sample = SampleFactory()
    faces_storage().save("ab/lost", ContentFile(b"of a crash"))
    monkeypatch.setattr(files, "ORPHAN_AFTER", timedelta(hours=-1))
    assert orphans_erase() == 1
    assert names(bucket) == [f"faces/{sample.image.name}"]


@pytest.mark.django_db
def test_a_new_key_reseals_it(bucket, settings, django_capture_on_commit_callbacks):
    sample, key = SampleFactory(), fresh_key()
    settings.FACE_ENCRYPTION_KEYS = [key, *settings.FACE_ENCRYPTION_KEYS]
    with django_capture_on_commit_callbacks(execute=True):
        keys_rotate()
    sample.refresh_from_db()
    settings.FACE_ENCRYPTION_KEYS = [key]
    assert sample.image.open().read() == b"a picture"
    assert len(names(bucket)) == 1


@pytest.mark.django_db
def test_models_are_kept_fetched_and_erased(bucket):
    path = artifacts.artifact_store(Path(site.FACE_MODEL))
    version = ModelVersion(name="stored", path=path, digest=path)
    version.sign()
    assert (artifacts.artifact_folder(version) / "manifest.json").is_file()
    assert artifact_erase(version.path)
    assert names(bucket) == []


def test_a_missing_picture_is_a_missing_file():
    with pytest.raises(FileNotFoundError):
        faces_storage().open("ab/none")


def test_a_store_that_refuses_is_a_broken_disk(bucket):
    bucket.delete()
    try:
        with pytest.raises(OSError, match="object store"):
            storages["faces_backend"].save("ab/cd", ContentFile(b"sealed"))
    finally:
        bucket.create()
