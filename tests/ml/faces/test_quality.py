import cv2
import numpy as np
import pytest

from ml.faces.quality import ENROLLMENT_GATE, OPEN_GATE, VERIFICATION_GATE
from ml.types import Reason

GATES = pytest.mark.parametrize(
    "gate", [ENROLLMENT_GATE, VERIFICATION_GATE], ids=["enrollment", "verification"]
)


@GATES
def test_it_accepts_a_good_face(extract, astronaut, gate):
    found = extract(astronaut, gate)
    assert found.accepted
    assert found.quality.faces == 1
    assert found.quality.score > 0.5
    assert found.quality.inside_fraction == pytest.approx(1)
    assert abs(found.quality.yaw_degrees) < 15


@GATES
def test_it_refuses_a_blurred_face(extract, astronaut, gate):
    found = extract(cv2.GaussianBlur(astronaut, (0, 0), 3), gate)
    assert Reason.BLURRED in found.reasons


@GATES
def test_it_refuses_a_dark_face(extract, astronaut, gate):
    assert Reason.TOO_DARK in extract((astronaut * 0.1).astype(np.uint8), gate).reasons


@GATES
def test_it_refuses_a_glaring_face(extract, astronaut, gate):
    glaring = 255 - (255 - astronaut) // 7
    assert Reason.TOO_BRIGHT in extract(glaring, gate).reasons


@GATES
def test_it_refuses_a_tiny_face(extract, astronaut, gate):
    canvas = np.full((480, 640, 3), 120, np.uint8)
    canvas[100:356, 200:456] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    assert Reason.FACE_TOO_SMALL in extract(canvas, gate).reasons


@GATES
@pytest.mark.parametrize(
    "cut", [np.s_[:, 205:], np.s_[:, :250], np.s_[95:, :]], ids=["left edge", "right edge", "top edge"]
)
def test_it_refuses_a_face_cut_off_by_the_edge(extract, astronaut, gate, cut):
    reasons = extract(astronaut[cut], gate).reasons
    assert {Reason.CUT_OFF, Reason.NO_FACE} & set(reasons)


@GATES
def test_it_refuses_two_people(extract, astronaut, gate):
    face = astronaut[20:220, 130:330]
    found = extract(np.hstack([face, face]), gate)
    assert Reason.SEVERAL_FACES in found.reasons
    assert found.quality.faces == 2
    assert found.quality.second_face == pytest.approx(1, abs=0.15)


@GATES
def test_it_refuses_a_picture_without_a_face(extract, gate):
    assert extract(np.full((300, 400, 3), 90, np.uint8), gate).reasons == (Reason.NO_FACE,)


def test_it_is_stricter_at_enrollment_than_at_verification(extract, astronaut):
    smaller = np.full((400, 400, 3), 120, np.uint8)
    smaller[:330, :330] = cv2.resize(astronaut, (330, 330), interpolation=cv2.INTER_AREA)
    assert extract(smaller, ENROLLMENT_GATE).reasons == (Reason.FACE_TOO_SMALL,)
    assert extract(smaller, VERIFICATION_GATE).accepted


def test_it_never_embeds_a_refused_face(extract, astronaut):
    refused = extract((astronaut * 0.1).astype(np.uint8), ENROLLMENT_GATE)
    assert refused.embedding is None
    assert refused.box is not None
    assert refused.quality is not None


def test_it_negates_yaw_and_roll_in_the_mirror(extract, astronaut):
    turn = cv2.getRotationMatrix2D((230, 130), -12, 1.0)  # clockwise
    tilted = cv2.warpAffine(astronaut, turn, (512, 512))
    seen, mirrored = extract(tilted, OPEN_GATE).quality, extract(tilted[:, ::-1], OPEN_GATE).quality
    assert seen.roll_degrees == pytest.approx(14, abs=4)
    assert mirrored.roll_degrees == pytest.approx(-seen.roll_degrees, abs=2)
    assert mirrored.yaw_degrees == pytest.approx(-seen.yaw_degrees, abs=4)
