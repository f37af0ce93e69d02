"""From a picture to a template, with the shipped model and real pictures."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from enrollment import jobs
from enrollment.errors import ModelUnavailable
from enrollment.models import Sample, Template
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


def test_it_keeps_the_picture_while_there_is_no_model(owner):
    sample = SampleFactory(subject=owner.subject)
    with pytest.raises(ModelUnavailable):
        jobs.template_extract(str(sample.pk))
    sample.refresh_from_db()
    assert (sample.state, sample.tries) == ("pending", 0)


def test_it_refuses_an_artifact_that_is_not_the_registered_one(version):
    version.digest = "0" * 64
    with pytest.raises(ModelUnavailable):
        jobs.pipeline_for(version)


def test_it_queues_lost_pictures_again_once(owner):
    lost = SampleFactory(subject=owner.subject, queued_at=timezone.now() - timedelta(minutes=2))
    SampleFactory(subject=owner.subject)
    assert jobs.samples_claim_lost() == [str(lost.pk)]
    assert jobs.samples_claim_lost() == []
