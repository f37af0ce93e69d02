import numpy as np
import pytest

from ml.evaluation import alterations
from ml.faces import alignment
from ml.faces.detection.base import foremost
from ml.faces.quality import OPEN_GATE, face_size


@pytest.fixture(scope="module")
def face(pipeline, astronaut):
    return pipeline.mesh_network.locate(astronaut, foremost(pipeline.detector.detect(astronaut), astronaut))


def test_it_shrinks_a_face_to_a_size(extract, astronaut, face):
    small = alterations.shrunk(astronaut, face, face_px=64)
    assert extract(small, OPEN_GATE).quality.face_size_px == pytest.approx(64, rel=0.08)


def test_it_never_enlarges(astronaut, face):
    assert alterations.shrunk(astronaut, face, face_px=int(face_size(face)) + 2) is None


@pytest.mark.parametrize("quarter_turns", range(4))
def test_it_cuts_a_side_down_to_a_share(astronaut, face, quarter_turns):
    cut = alterations.cut(astronaut, face, quarter_turns=quarter_turns, inside=0.9)
    height, width = astronaut.shape[:2]
    removed = np.subtract(astronaut.shape, cut.shape)
    assert removed[1 - quarter_turns % 2] == 0
    corner = {0: (removed[0], 0), 1: (0, 0), 2: (0, 0), 3: (0, removed[1])}[quarter_turns]
    kept = astronaut[corner[0] : corner[0] + cut.shape[0], corner[1] : corner[1] + cut.shape[1]]
    assert np.array_equal(cut, kept)
    matrix = alignment.similarity_transform(alignment.five_points(face), alignment.TEMPLATE)
    matrix[:, 2] += matrix[:, :2] @ np.array(corner[::-1], np.float32)
    inside = alignment.inside_fraction(matrix, height=cut.shape[0], width=cut.shape[1])
    assert 0.9 <= inside < 0.915
    assert (height, width) != cut.shape[:2]


def test_it_leaves_a_face_that_is_cut_already(astronaut, face):
    once = alterations.cut(astronaut, face, quarter_turns=2, inside=0.9)
    assert alterations.cut(once, face, quarter_turns=2, inside=0.95) is None


def test_it_darkens_the_eyes_alone(astronaut, face):
    worn = alterations.sunglasses(astronaut, face)
    x, y = face.mean_of(33, 133).round().astype(int)
    assert worn[y, x].max() < 30
    x, y = face.mean_of(61, 291).round().astype(int)
    assert np.array_equal(worn[y, x], astronaut[y, x])


def test_it_takes_half_the_light():
    white = np.full((2, 2, 3), 255, np.uint8)
    assert alterations.exposed(white, None, light=0.5)[0, 0, 0] == round(255 * 0.5 ** (1 / 2.2))
    assert alterations.exposed(white, None, light=4).max() == 255


def test_it_spreads_one_pixel_along_a_line():
    dot = np.zeros((9, 9, 3), np.uint8)
    dot[4, 4] = 210
    spread = alterations.moved(dot, None, length_px=7)
    assert spread[4, 1:8, 0].tolist() == [30] * 7
    assert spread.sum() == 3 * 210


def test_every_alteration_keeps_a_picture_a_picture(astronaut, face):
    for alteration in alterations.ALTERATIONS.values():
        altered = alteration(astronaut, face)
        assert altered.dtype == np.uint8
        assert altered.ndim == 3
