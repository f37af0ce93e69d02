"""Faces known to the site, in the shipped model's own terms."""

import numpy as np
import pytest

from tests.faces import jpeg, portrait


@pytest.fixture
def version(db):
    from tests.factories import model_version

    return model_version()


@pytest.fixture(scope="session")
def portrait_embedding() -> np.ndarray:
    """What the shipped model makes of the portrait, (192,) float32."""
    from pathlib import Path

    from django.conf import settings

    from ml.faces.quality import VERIFICATION_GATE
    from ml.serving.pipeline import FacePipeline

    extraction = FacePipeline.load(Path(settings.FACE_MODEL)).extract(
        jpeg(portrait()), gate=VERIFICATION_GATE
    )
    assert extraction.embedding is not None
    return extraction.embedding


@pytest.fixture
def other_embedding(portrait_embedding) -> np.ndarray:
    """A unit vector at a right angle to the portrait's: somebody else."""
    random = np.random.default_rng(0).normal(size=portrait_embedding.shape).astype(np.float32)
    random -= random @ portrait_embedding * portrait_embedding
    return random / np.linalg.norm(random)


@pytest.fixture
def ada(version, portrait_embedding):
    """The account whose face the portrait is."""
    from tests.factories import enrolled_subject

    return enrolled_subject(version, portrait_embedding, username="ada").user
