"""From a picture to a template, with the shipped model and real pictures."""

import base64
from datetime import timedelta

import numpy as np
import pytest
from celery.app.trace import build_tracer
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from enrollment import jobs, tasks
from enrollment.errors import ModelUnavailable, SealBroken
from enrollment.jobs import samples
from enrollment.models import Sample, Template
from enrollment.storage import EncryptedStorage
from ml.serving.pipeline import FacePipeline
from tests import faces
from tests.faces import jpeg, portrait, portraits
from tests.factories import SampleFactory, accepted_sample, model_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(db):
    return model_version()


def extract(owner, data: bytes) -> Sample:
    sample: Sample = SampleFactory.create(subject=owner.subject, image=ContentFile(data, name="x"))
    jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    return sample


def test_it_makes_a_template_of_a_good_picture(owner, version):
    assert extract(owner, jpeg(portrait())).state == "accepted"
    vector = np.frombuffer(Template.objects.get().embedding, "<f4")
    assert vector.shape == (192,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_it_keeps_an_aligned_crop(owner, version):
    assert extract(owner, jpeg(portrait())).crop.startswith(b"\xff\xd8")


def test_it_accepts_several_pictures_of_one_person(owner, version):
    assert [extract(owner, data).state for data in portraits()] == ["accepted"] * 3


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (faces.no_face(), "no_face"),
        (faces.two_people(), "several_faces"),
        (faces.cut_off(), "cut_off"),
        (faces.blurred(), "blurred"),
        (faces.tiny(), "face_too_small"),
        (faces.dark(), "too_dark"),
        (jpeg(portrait())[:5000], "unreadable_image"),
    ],
    ids=["no-face", "two", "cut-off", "blurred", "tiny", "dark", "truncated"],
)
def test_it_rejects_with_the_reason(owner, version, picture, reason):
    sample = extract(owner, picture)
    assert sample.state == "rejected"
    assert reason in sample.reasons


def test_it_erases_a_rejected_picture(owner, version, django_capture_on_commit_callbacks):
    sample = SampleFactory(subject=owner.subject, image=ContentFile(faces.no_face(), name="x"))
    with django_capture_on_commit_callbacks(execute=True):
        jobs.template_extract(str(sample.pk))
    assert not storages["faces_backend"].exists(sample.image.name)


def test_it_rejects_another_person(owner, version):
    stranger = np.random.default_rng(1).normal(size=192).astype(np.float32)
    accepted_sample(owner.subject, version, stranger / np.linalg.norm(stranger))
    assert extract(owner, jpeg(portrait())).reasons == ["not_same_person"]


def test_it_accepts_nothing_once_consent_is_withdrawn(owner, version):
    owner.subject.consents.update(withdrawn_at=timezone.now())
    assert extract(owner, jpeg(portrait())).state == "pending"


def test_it_waits_when_the_anchors_have_no_template_under_this_version(owner, version):
    sample = SampleFactory(subject=owner.subject)
    sample.accept(crop=b"crop", quality={})
    sample.save()
    with pytest.raises(ModelUnavailable):
        extract(owner, jpeg(portrait()))


def test_it_does_nothing_when_the_message_comes_twice(owner, version):
    sample = extract(owner, jpeg(portrait()))
    jobs.template_extract(str(sample.pk))
    assert Template.objects.count() == 1


def test_it_does_nothing_when_the_picture_was_erased(version):
    jobs.template_extract("00000000-0000-0000-0000-000000000000")


def test_it_gives_up_after_three_tries(owner, version):
    sample = SampleFactory(subject=owner.subject, tries=3)
    jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    assert sample.reasons == ["processing_failed"]


def test_messages_that_come_while_it_is_looked_at_count_no_try(owner, version, monkeypatch):
    sample = SampleFactory(subject=owner.subject, image=ContentFile(jpeg(portrait()), name="x"))
    find = samples._find

    def find_meanwhile(data: bytes, pipeline: FacePipeline) -> samples.Finding:
        for _ in range(samples.MAX_TRIES + 1):
            jobs.template_extract(str(sample.pk))
        Sample.objects.update(queued_at=timezone.now() - timedelta(hours=1))
        assert jobs.samples_claim_lost() == []
        return find(data, pipeline)

    monkeypatch.setattr(samples, "_find", find_meanwhile)
    jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    assert (sample.state, sample.tries) == ("accepted", 1)


@pytest.mark.parametrize(("seconds", "worker_lost"), [(61, False), (0, True)])
def test_it_goes_on_where_the_worker_was_lost(owner, version, seconds, worker_lost):
    begun_at = timezone.now() - timedelta(seconds=seconds)
    image = ContentFile(jpeg(portrait()), name="x")
    sample = SampleFactory(subject=owner.subject, image=image, tries=1, begun_at=begun_at)
    jobs.template_extract(str(sample.pk), worker_lost=worker_lost)
    sample.refresh_from_db()
    assert (sample.state, sample.tries) == ("accepted", 2)


@pytest.mark.parametrize("came_back", [False, True])
def test_a_message_that_came_back_tells_that_its_worker_was_lost(monkeypatch, came_back):
    told = []
    monkeypatch.setattr(jobs, "template_extract", lambda _, worker_lost: told.append(worker_lost))
    task = tasks.template_extract
    work = build_tracer(task.name, task, app=task.app)
    work("id", ["of a sample"], {}, {"delivery_info": {"redelivered": came_back}})
    assert told == [came_back]


def test_it_keeps_the_picture_while_there_is_no_model(owner):
    sample = SampleFactory(subject=owner.subject)
    with pytest.raises(ModelUnavailable):
        jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    assert (sample.state, sample.tries) == ("pending", 0)


def test_it_keeps_the_picture_while_the_key_is_missing(owner, version, settings):
    sample = SampleFactory(subject=owner.subject)
    settings.FACE_ENCRYPTION_KEYS = [base64.b64encode(bytes(32)).decode()]
    with pytest.raises(SealBroken):
        jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    assert (sample.state, sample.tries) == ("pending", 0)


@pytest.mark.parametrize("step", ["_open", "_save"])
def test_it_keeps_the_picture_while_the_storage_is_away(owner, version, monkeypatch, step):
    sample = SampleFactory(subject=owner.subject, image=ContentFile(jpeg(portrait()), name="x"))

    def away(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(EncryptedStorage, step, away)
    for _ in range(samples.MAX_TRIES + 1):
        with pytest.raises(ConnectionError):
            jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    assert (sample.state, sample.tries, sample.begun_at) == ("pending", 0, None)


def test_it_refuses_an_artifact_that_is_not_the_registered_one(version):
    version.digest = "0" * 64
    with pytest.raises(ModelUnavailable):
        jobs.pipeline_for(version)


def test_it_queues_lost_pictures_again_once(owner):
    lost = SampleFactory(subject=owner.subject, queued_at=timezone.now() - timedelta(minutes=2))
    SampleFactory(subject=owner.subject)
    assert jobs.samples_claim_lost() == [str(lost.pk)]
    assert jobs.samples_claim_lost() == []
