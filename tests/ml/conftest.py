"""What the tests of ml share: the shipped model, and a real face to look at."""

import numpy as np
import pytest
from skimage import data

from ml.config import DEFAULT_ARTIFACT
from ml.faces import images
from ml.serving.artifacts import Artifact
from ml.serving.pipeline import FacePipeline


@pytest.fixture(scope="session")
def artifact():
    return Artifact.load(DEFAULT_ARTIFACT)


@pytest.fixture(scope="session")
def pipeline(artifact):
    return FacePipeline.load(artifact)


@pytest.fixture(scope="session")
def astronaut():
    """Eileen Collins, by NASA, in the public domain: RGB uint8 (512, 512, 3), her face about 108 pixels high."""
    return np.ascontiguousarray(data.astronaut())


@pytest.fixture(scope="session")
def extract(pipeline):
    """Take an RGB array through the pipeline, as a JPEG."""

    def run(rgb, gate):
        return pipeline.extract(images.encode_jpeg(np.ascontiguousarray(rgb)), gate=gate)

    return run
