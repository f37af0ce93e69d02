import threading
from contextlib import suppress

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from enrollment.errors import ConsentMissing, IllegalTransition, ImageRefused, TooManyAnchors
from enrollment.models import Sample
from enrollment.services import consent_withdraw, face_erase, sample_delete, sample_submit, user_erase
from tests.faces import jpeg, portrait
from tests.factories import SampleFactory, UserFactory

pytestmark = pytest.mark.django_db


def upload(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("face.jpg", data or jpeg(portrait()))


def test_it_stores_the_picture_as_pending(owner):
    sample = sample_submit(owner, upload())
    assert sample.state == Sample.State.PENDING
    assert sample.image.read() == jpeg(portrait())


def test_it_asks_for_consent_first():
    with pytest.raises(ConsentMissing):
        sample_submit(UserFactory(), upload())


def test_it_takes_nothing_once_consent_is_withdrawn(owner):
    owner.subject.consents.update(withdrawn_at=timezone.now())
    with pytest.raises(ConsentMissing):
        sample_submit(owner, upload())


def test_it_refuses_the_same_picture_twice(owner):
    sample_submit(owner, upload())
    with pytest.raises(ImageRefused, match="duplicate_image"):
        sample_submit(owner, upload())


def test_it_refuses_more_than_the_maximum(owner, settings):
    settings.FACE_MAX_ANCHORS = 2
    for _ in range(2):
        SampleFactory(subject=owner.subject)
    with pytest.raises(TooManyAnchors):
        sample_submit(owner, upload())


def test_it_erases_the_file_with_the_row(owner, django_capture_on_commit_callbacks):
    sample = SampleFactory(subject=owner.subject)
    with django_capture_on_commit_callbacks(execute=True):
        sample_delete(sample)
    assert not storages["faces_backend"].exists(sample.image.name)


def test_it_erases_every_picture_of_a_person(owner, django_capture_on_commit_callbacks):
    mine, other = SampleFactory(subject=owner.subject), SampleFactory()
    with django_capture_on_commit_callbacks(execute=True):
        face_erase(owner)
    assert list(Sample.objects.all()) == [other]
    assert not storages["faces_backend"].exists(mine.image.name)


def test_it_erases_the_files_with_the_account(owner, django_capture_on_commit_callbacks):
    sample = SampleFactory(subject=owner.subject)
    with django_capture_on_commit_callbacks(execute=True):
        user_erase(owner)
    assert not storages["faces_backend"].exists(sample.image.name)


def test_it_decides_a_sample_once():
    sample = SampleFactory()
    sample.reject(["no_face"])
    with pytest.raises(IllegalTransition):
        sample.accept(crop=b"", quality={})


def test_it_demands_a_time_of_decision():
    with pytest.raises(IntegrityError), transaction.atomic():
        Sample.objects.filter(pk=SampleFactory().pk).update(state="accepted")


@pytest.mark.django_db(transaction=True)
def test_it_keeps_nothing_that_came_while_consent_was_withdrawn(owner, broker):
    def submit(number: int) -> None:
        with suppress(ConsentMissing, TooManyAnchors):
            sample_submit(owner, upload(jpeg(portrait(), quality=80 + number)))
        connection.close()

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    consent_withdraw(owner, "sign_in")
    for thread in threads:
        thread.join()
    assert not Sample.objects.exists()
