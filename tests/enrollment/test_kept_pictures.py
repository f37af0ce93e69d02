"""What is kept of an accepted picture: what can be seen in it, and nothing else of the file that was sent."""

import io
import zipfile

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from enrollment import jobs
from enrollment.errors import ImageRefused, StorageFull
from enrollment.jobs import samples
from enrollment.models import Sample, Template
from enrollment.services import account_export, orphans_erase, sample_delete, sample_submit
from enrollment.services.subject_export import _image
from enrollment.storage import EncryptedStorage, faces_storage
from tests.faces import jpeg, no_face, portrait
from tests.factories import SampleFactory, accepted_sample, model_version

pytestmark = pytest.mark.django_db

SECRETS = (b"Rue de la Paix", b"a note of the camera", b"an ICC profile", b"xpacket", b"Exif", b"FILM")


def telling() -> bytes:
    """A picture that lies on its side, and tells where, with what and for whom it was taken."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 8, "Rue de la Paix"
    lying = portrait().rotate(-90, expand=True)
    file = io.BytesIO()
    more = {"comment": b"a note of the camera", "icc_profile": b"an ICC profile", "xmp": b"<?xpacket?>"}
    lying.save(file, "JPEG", quality=92, exif=exif, **more)
    return file.getvalue() + b"FILM"


def stored_files() -> list[str]:
    storage = faces_storage()
    return [f"{folder}/{name}" for folder in storage.listdir("")[0] for name in storage.listdir(folder)[1]]


@pytest.fixture
def version(db):
    return model_version()


@pytest.fixture
def sample(owner, version):
    for name in stored_files():  # of earlier tests
        faces_storage().delete(name)
    return SampleFactory(subject=owner.subject, image=ContentFile(telling(), name="x"))


@pytest.fixture
def decide(sample, django_capture_on_commit_callbacks):
    def run() -> Sample:
        with django_capture_on_commit_callbacks(execute=True):
            jobs.template_extract(str(sample.pk))
        return Sample.objects.get(pk=sample.pk)

    return run


def test_the_picture_that_is_sent_tells_all_of_it():
    assert all(secret in telling() for secret in SECRETS)


def test_it_keeps_nothing_but_what_can_be_seen(decide):
    stored = decide().image.open().read()
    assert not any(secret in stored for secret in SECRETS)
    with Image.open(io.BytesIO(stored)) as image:
        assert (image.format, image.getexif(), "comment" in image.info) == ("JPEG", {}, False)
        difference = np.abs(np.asarray(image, int) - np.asarray(portrait(), int))
    assert difference.mean() < 4  # upright, and the same picture


def test_the_export_holds_nothing_else_either(owner, decide):
    decide()
    with zipfile.ZipFile(io.BytesIO(account_export(owner))) as archive:
        files = [archive.read(name) for name in archive.namelist()]
        pictures = [name for name in archive.namelist() if name.startswith("pictures/")]
    assert [name.endswith(".jpg") for name in pictures] == [True]
    assert not any(secret in file for secret in SECRETS for file in files)


def test_the_file_that_was_sent_is_erased(sample, decide):
    kept = decide()
    assert kept.image.name != sample.image.name
    assert stored_files() == [kept.image.name]


def test_nothing_stays_of_a_picture_that_is_taken_back_while_it_is_accepted(
    sample, decide, django_capture_on_commit_callbacks
):
    """Whoever takes it back has read its row before the worker keeps it under another name."""
    before = Sample.objects.get(pk=sample.pk)
    assert decide().image.name != before.image.name
    with django_capture_on_commit_callbacks(execute=True):
        sample_delete(before)
    assert stored_files() == []


def test_a_message_that_comes_twice_changes_nothing(decide):
    once, twice = decide(), decide()
    assert stored_files() == [once.image.name] == [twice.image.name]


@pytest.mark.parametrize("first", [True, False], ids=["before-it-is-read", "after-it-is-read"])
def test_two_workers_keep_one_file(decide, monkeypatch, first):
    read = samples._read

    def read_while_another_decides(row: Sample) -> bytes | None:
        monkeypatch.setattr(samples, "_read", read)
        data = None if first else read(row)
        decide()
        return data or read(row)

    monkeypatch.setattr(samples, "_read", read_while_another_decides)
    kept = decide()
    assert (kept.state, Template.objects.count()) == ("accepted", 1)
    assert stored_files() == [kept.image.name]


def test_the_same_file_is_known_again_after_it_was_replaced(owner, version, decide):
    jobs.template_extract(str(sample_submit(owner, SimpleUploadedFile("a.jpg", telling())).pk))
    with pytest.raises(ImageRefused, match="duplicate_image"):
        sample_submit(owner, SimpleUploadedFile("b.jpg", telling()))


def test_a_failure_before_the_end_loses_no_picture(sample, decide, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(samples, "_store_templates", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            decide()
    sample.refresh_from_db()
    assert (sample.state, sample.image.open().read()) == ("pending", telling())
    monkeypatch.setattr("enrollment.services.files.ORPHAN_AFTER", -samples.LOST_AFTER)
    assert orphans_erase() == 1  # what was written before the failure
    assert decide().state == "accepted"


def test_a_full_disk_makes_it_wait(sample, decide, monkeypatch):
    def full(*_: object) -> str:
        raise StorageFull

    with monkeypatch.context() as patch:
        patch.setattr(EncryptedStorage, "_save", full)
        for _ in range(samples.MAX_TRIES + 1):
            with pytest.raises(StorageFull):
                decide()
    assert decide().state == "accepted"


def test_a_picture_that_is_not_accepted_leaves_no_file(sample, decide):
    sample.image.save("", ContentFile(no_face()))
    decide()
    assert Sample.objects.get().image.name == ""


def test_pictures_that_were_kept_as_they_came_stay_readable(owner, version):
    earlier = accepted_sample(owner.subject, version, np.full(192, 192**-0.5, dtype=np.float32))
    earlier.image.save("", ContentFile(telling()))
    with zipfile.ZipFile(io.BytesIO(account_export(owner))) as archive:
        assert archive.read(f"pictures/{earlier.pk}.jpg") == telling()


def test_the_export_reads_a_picture_that_is_replaced_meanwhile(sample, decide):
    as_read = Sample.objects.get(pk=sample.pk)
    kept = decide()
    assert _image(as_read) == kept.image.open().read()


def test_what_is_kept_of_a_large_picture_is_small(owner, version):
    large = jpeg(portrait().resize((3200, 2400)), quality=95)
    sample = SampleFactory(subject=owner.subject, image=ContentFile(large, name="x"))
    jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    with Image.open(sample.image.open()) as image:
        assert image.size == (1280, 960)
