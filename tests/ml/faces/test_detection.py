import numpy as np
import pytest

from ml.faces.detection.base import Detection, foremost, nearest_centre
from ml.faces.detection.mediapipe import (
    MediaPipeDetector,
    anchor_centres,
    decode_regressors,
    letterbox,
    suppress,
)
from ml.types import Box


@pytest.fixture(scope="module")
def detector():
    return MediaPipeDetector()


def box_face(x_min, y_min, x_max, y_max):
    """Corners and six keypoints, all keypoints at the centre."""
    centre = [(x_min + x_max) / 2, (y_min + y_max) / 2]
    return np.array([[x_min, y_min], [x_max, y_max]] + [centre] * 6, np.float32)


def at(x, y, side):
    return Detection(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2, 0.9))


def test_it_places_two_anchors_a_cell_then_six():
    anchors = anchor_centres()
    assert anchors.shape == (16 * 16 * 2 + 8 * 8 * 6, 2)
    np.testing.assert_allclose(anchors[[0, 1, 2]], [[1 / 32, 1 / 32], [1 / 32, 1 / 32], [3 / 32, 1 / 32]])
    np.testing.assert_allclose(
        anchors[[32, 512, 518]], [[1 / 32, 3 / 32], [1 / 16, 1 / 16], [3 / 16, 1 / 16]]
    )


def test_it_adds_the_anchor_to_centre_and_keypoints_but_not_to_size():
    regressors = np.array([[10, 20, 40, 60, 1, 2] + [0] * 10], np.float32)
    points = decode_regressors(regressors, np.array([[128, 64]], np.float32))
    np.testing.assert_allclose(points[0, 0], [128 + 10 - 20, 64 + 20 - 30])
    np.testing.assert_allclose(points[0, 1], [128 + 10 + 20, 64 + 20 + 30])
    np.testing.assert_allclose(points[0, 2], [129, 66])


def test_it_merges_overlapping_faces_by_their_weighted_mean():
    faces = np.stack([box_face(0, 0, 100, 100), box_face(10, 0, 110, 100), box_face(200, 0, 250, 50)])
    merged = suppress(faces, np.array([0.9, 0.6, 0.7], np.float32))
    assert [round(probability, 3) for _, probability in merged] == [0.9, 0.7]
    np.testing.assert_allclose(merged[0][0][0], [10 * 0.6 / 1.5, 0], atol=1e-5)


def test_it_letterboxes_between_black_bars():
    square, scale, left, top = letterbox(np.full((100, 200, 3), 255, np.uint8), 256)
    assert (scale, left, top) == (1.28, 0, 64)
    assert square.shape == (256, 256, 3)
    assert square[:64].max() == -1
    assert square[64:192].min() == 1


def test_it_finds_the_face_and_its_eyes(detector, astronaut):
    (face,) = detector.detect(astronaut)
    assert face.box.probability > 0.8
    assert face.box.x_min < 200
    assert face.box.x_max > 250
    (left_x, left_y), (right_x, right_y) = face.eyes
    assert left_x < right_x
    assert abs(left_y - right_y) < 10


def test_it_finds_the_face_wherever_it_stands(detector, astronaut):
    canvas = np.zeros((700, 1000, 3), np.uint8)
    canvas[150:662, 400:912] = astronaut
    (before,), (after,) = detector.detect(astronaut), detector.detect(canvas)
    shift = np.array(after.box.centre) - np.array(before.box.centre)
    np.testing.assert_allclose(shift, [400, 150], atol=8)


def test_it_finds_nothing_where_nothing_is(detector):
    assert detector.detect(np.full((300, 300, 3), 127, np.uint8)) == []


def test_it_prefers_the_central_face_among_the_large_ones():
    rgb = np.zeros((400, 400, 3), np.uint8)
    central, large, small = at(180, 200, 80), at(330, 200, 100), at(205, 200, 20)
    assert foremost([large, central, small], rgb) is central
    assert foremost([at(330, 200, 200), central], rgb).box.side == 200
    assert nearest_centre([large, central, small], rgb) is small
