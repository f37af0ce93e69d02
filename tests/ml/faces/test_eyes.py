"""How far eyes are open."""

import numpy as np
import pytest

from ml.faces.detection import MediaPipeDetector
from ml.faces.eyes import EyeNetwork
from ml.faces.landmarks import MeshNetwork
from tests.faces import astronaut


@pytest.fixture(scope="module")
def face():
    """A picture and the mesh of the face in it."""
    rgb = np.asarray(astronaut())
    return rgb, MeshNetwork().locate(rgb, MediaPipeDetector().detect(rgb)[0])


def test_open_eyes_are_open(face):
    assert 0.15 < EyeNetwork().opening(*face) < 0.4


def test_a_mirrored_face_opens_its_eyes_as_far(face):
    rgb, _ = face
    mirrored = np.ascontiguousarray(rgb[:, ::-1])
    mesh = MeshNetwork().locate(mirrored, MediaPipeDetector().detect(mirrored)[0])
    assert EyeNetwork().opening(mirrored, mesh) == pytest.approx(EyeNetwork().opening(*face), rel=0.15)
