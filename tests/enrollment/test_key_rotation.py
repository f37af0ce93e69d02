import base64
import os
import threading

import numpy as np
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from enrollment.crypto import is_current
from enrollment.models import AuditEvent, Sample, Template
from enrollment.services import keys_rotate
from enrollment.services.key_rotation import sealed_columns
from enrollment.storage import faces_storage
from tests.factories import accepted_sample, enrolled_subject, model_version

pytestmark = pytest.mark.django_db
EMBEDDING = np.full(192, 192**-0.5, dtype=np.float32)


def fresh_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@pytest.fixture
def new_key(settings):
    key = fresh_key()

    def add() -> str:
        settings.FACE_ENCRYPTION_KEYS = [key, *settings.FACE_ENCRYPTION_KEYS]
        return key

    return add


@pytest.fixture
def subject(db):
    return enrolled_subject(model_version(), EMBEDDING)


def test_it_needs_the_old_key_no_more(settings, subject, new_key):
    key = new_key()
    keys_rotate()
    settings.FACE_ENCRYPTION_KEYS = [key]
    for sample in Sample.objects.all():
        assert (sample.crop, sample.image.open().read()) == (b"crop", b"a picture")
        assert sample.templates.get().embedding == EMBEDDING.tobytes()


def test_it_leaves_no_second_copy(subject, new_key, django_capture_on_commit_callbacks):
    old = list(Sample.objects.values_list("image", flat=True))
    new_key()
    with django_capture_on_commit_callbacks(execute=True):
        keys_rotate()
    assert not any(faces_storage().exists(name) for name in old)


@pytest.mark.parametrize("harm", ["seal", "file"])
def test_it_passes_over_what_cannot_be_opened_and_says_so(subject, new_key, capsys, harm):
    broken = Sample.objects.order_by("pk").first()
    if harm == "seal":
        Sample.objects.filter(pk=broken.pk).update(sealed_crop=b"\x01altered" * 9)
    else:
        faces_storage().delete(broken.image.name)
    new_key()
    with pytest.raises(
        CommandError, match=f"seal_broken: 1 could.*enrollment.Sample {broken.pk}.*Keep the old"
    ):
        call_command("rotate_keys")
    assert "newest" not in capsys.readouterr().out
    for sample in Sample.objects.exclude(pk=broken.pk):
        assert is_current(sample.sealed_crop)
        assert faces_storage().is_current(sample.image.name)
    assert all(is_current(template.sealed_embedding) for template in Template.objects.all())
    event = AuditEvent.objects.get(action="key_rotation")
    assert (event.outcome, event.details["broken"]) == ("refused", 1)


def test_it_goes_on_where_it_was_stopped(subject, new_key, monkeypatch):
    new_key()
    seen = []
    reseal = Template.seal_context

    def stop_at_the_second(self, column):
        seen.append(self.pk)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return reseal(self, column)

    with monkeypatch.context() as patch:
        patch.setattr(Template, "seal_context", stop_at_the_second)
        patch.setattr("enrollment.services.key_rotation.BATCH", 1)
        with pytest.raises(KeyboardInterrupt):
            keys_rotate()
    assert [is_current(row.sealed_embedding) for row in Template.objects.order_by("pk")] == [
        True,
        False,
        False,
    ]
    assert keys_rotate()["enrollment.Template"] == 2
    assert keys_rotate()["enrollment.Template"] == 0


def test_the_command_tells_what_it_did(subject, new_key, capsys):
    new_key()
    call_command("rotate_keys")
    assert "enrollment.Sample.image: 3" in capsys.readouterr().out
    assert AuditEvent.objects.get(action="key_rotation").details["enrollment.Sample"] == 3


def test_every_encrypted_column_tells_what_it_is_bound_to():
    without = [model._meta.label for model, _ in sealed_columns() if not hasattr(model, "seal_context")]
    assert without == []
    assert apps.get_model("verification", "Attempt") in [model for model, _ in sealed_columns()]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_people_enroll_and_compare(settings, new_key):
    version = model_version()
    subject = enrolled_subject(version, EMBEDDING)
    key = new_key()
    done, errors = threading.Event(), []

    def read_and_write() -> None:
        try:
            while not done.is_set():
                accepted_sample(subject, version, EMBEDDING)
                assert {row.embedding for row in Template.objects.all()} == {EMBEDDING.tobytes()}
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=read_and_write)
    worker.start()
    for _ in range(3):
        keys_rotate()
    done.set()
    worker.join()
    assert errors == []
    settings.FACE_ENCRYPTION_KEYS = [key]
    assert {row.embedding for row in Template.objects.all()} == {EMBEDDING.tobytes()}
