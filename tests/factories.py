"""Rows for the tests."""

import json
from pathlib import Path

import factory
import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile

from enrollment.models import Consent, ModelVersion, Sample, ServiceKey, Subject, Template, User
from enrollment.policy import consent_text

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password(PASSWORD)


class SubjectFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Subject

    user = factory.SubFactory(UserFactory)


class ConsentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Consent

    subject = factory.SubFactory(SubjectFactory)
    purpose = Consent.Purpose.SIGN_IN
    text_version = factory.LazyFunction(consent_text)


class SampleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Sample

    subject = factory.SubFactory(SubjectFactory)
    image = factory.LazyFunction(lambda: ContentFile(b"a picture", name="x"))
    image_digest = factory.Sequence(lambda n: f"{n:064d}")


def service_key(*scopes: str, **more: object) -> tuple[ServiceKey, str]:
    """A key that a backend holds, and its secret."""
    key = ServiceKey(name="a backend", scopes=list(scopes), **more)
    secret = key.renew_secret()
    key.save()
    return key, secret


def backend_subject(version: ModelVersion, embedding: np.ndarray, **more: object) -> Subject:
    """A consenting person without an account, whose three anchors are all this embedding."""
    subject = SubjectFactory(user=None, **more)
    ConsentFactory(subject=subject)
    for _ in range(settings.FACE_MIN_ANCHORS):
        accepted_sample(subject, version, embedding)
    return subject


def model_version() -> ModelVersion:
    """The artifact that the repository ships, active."""
    from enrollment.services import model_version_register
    from ml.serving.artifacts import MANIFEST, Artifact

    artifact = Artifact.load(Path(settings.FACE_MODEL))
    return model_version_register(
        name=artifact.name,
        network=artifact.network,
        path=settings.FACE_MODEL,
        digest=artifact.digest,
        report={},
        manifest=json.loads((Path(settings.FACE_MODEL) / MANIFEST).read_text()),
    )


def accepted_sample(subject: Subject, version: ModelVersion, embedding: np.ndarray) -> Sample:
    sample = SampleFactory(subject=subject)
    sample.accept(crop=b"crop", quality={"score": 0.9})
    sample.save()
    template = Template(sample=sample, model_version=version, quality=0.9)
    template.embedding = embedding.astype("<f4").tobytes()
    template.save()
    return sample


def enrolled_subject(version: ModelVersion, embedding: np.ndarray, **user: object) -> Subject:
    """A consenting person whose three anchors are all this embedding."""
    subject = SubjectFactory(user=UserFactory(**user))
    ConsentFactory(subject=subject)
    for _ in range(settings.FACE_MIN_ANCHORS):
        accepted_sample(subject, version, embedding)
    return subject
