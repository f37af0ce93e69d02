"""Enrolled people of a site inside this process."""

from typing import TYPE_CHECKING

import numpy as np

from tests.faces import jpeg, portrait, portraits

if TYPE_CHECKING:
    from enrollment.models import ModelVersion

LOGIN = "ada"
_BATCH = 500


def enroll_crops(count: int, *, anchors: int = 5) -> None:
    """So many anchors, each with a sealed crop, of people with five each."""
    from django.utils import timezone
    from skimage import data

    from enrollment.crypto import seal
    from enrollment.models import Sample, Subject
    from ml.faces.images import encode_jpeg

    crop = encode_jpeg(np.ascontiguousarray(data.astronaut()[40:152, 170:282]))
    subjects = Subject.objects.bulk_create([Subject() for _ in range(-(-count // anchors))])
    rows = []
    for number in range(count):
        sample = Sample(subject=subjects[number // anchors], state="accepted", decided_at=timezone.now())
        sample.quality, sample.image_digest = {"score": 0.9}, f"{number:064d}"
        sample.sealed_crop = seal(crop, context=f"crop:{sample.pk}")
        rows.append(sample)
    Sample.objects.bulk_create(rows, batch_size=_BATCH)


def enroll_templates(count: int, version: "ModelVersion", *, size: int, anchors: int = 3) -> None:
    """So many people whom a backend enrolled, each with consent and templates that point anywhere; no pictures."""
    from django.utils import timezone

    from enrollment.models import Consent, Sample, Subject, Template
    from enrollment.policy import consent_text

    random, now = np.random.default_rng(count), timezone.now()
    for start in range(0, count, _BATCH):
        subjects = Subject.objects.bulk_create([Subject() for _ in range(min(_BATCH, count - start))])
        Consent.objects.bulk_create(
            [
                Consent(subject=subject, purpose=Consent.Purpose.SIGN_IN, text_version=consent_text())
                for subject in subjects
            ]
        )
        samples = Sample.objects.bulk_create(
            [
                Sample(subject=subject, state="accepted", decided_at=now, image_digest=f"{number:064d}")
                for subject in subjects
                for number in range(anchors)
            ]
        )
        embeddings = random.standard_normal((len(samples), size)).astype("<f4")
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        rows = [Template(sample=sample, model_version=version, quality=0.9) for sample in samples]
        for row, embedding in zip(rows, embeddings, strict=True):
            row.embedding = embedding.tobytes()
        Template.objects.bulk_create(rows)


def enroll_login() -> bytes:
    """Somebody with an account and three anchors; gives back a picture to verify with."""
    from django.core.files.base import ContentFile

    from enrollment.jobs import template_extract
    from enrollment.models import Consent, Sample, Subject, User
    from enrollment.services import consents_give

    user = User.objects.create_user(LOGIN, "ada@example.org", None)
    consents_give(user, {Consent.Purpose.SIGN_IN.value})
    for number, picture in enumerate(portraits()):
        sample = Sample(subject=Subject.objects.get(user=user), image_digest=f"login {number}")
        sample.image.save("", ContentFile(picture), save=True)
        template_extract(str(sample.pk))
    return jpeg(portrait())
