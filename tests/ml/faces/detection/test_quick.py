import numpy as np
import pytest

from ml.faces.detection import MediaPipeDetector, QuickDetector


class Counting:
    """The large detector, which counts how often it is asked."""

    def __init__(self):
        self.asked, self._large = 0, MediaPipeDetector()

    def detect(self, rgb):
        self.asked += 1
        return self._large.detect(rgb)


@pytest.fixture
def large():
    return Counting()


def test_it_answers_by_itself_where_one_large_face_is(large, astronaut):
    face = astronaut[:230, 110:340]
    (found,) = QuickDetector(large).detect(face)
    assert large.asked == 0
    (expected,) = large.detect(face)
    assert np.hypot(*np.subtract(found.box.centre, expected.box.centre)) < 0.1 * expected.box.side
    assert found.box.side == pytest.approx(expected.box.side, rel=0.15)


def test_it_asks_the_large_one_about_a_small_face(large, astronaut):
    canvas = np.zeros((1200, 1600, 3), np.uint8)
    canvas[300:812, 500:1012] = astronaut
    (found,) = QuickDetector(large).detect(canvas)
    assert large.asked == 1
    np.testing.assert_allclose(found.box.centre, [500 + 223, 300 + 115], atol=20)


def test_it_asks_the_large_one_about_two_faces(large, astronaut):
    face = astronaut[:230, 110:340]
    assert len(QuickDetector(large).detect(np.hstack([face, face]))) == 2
    assert large.asked == 1


def test_it_asks_the_large_one_where_it_finds_nothing(large):
    assert QuickDetector(large).detect(np.full((300, 300, 3), 90, np.uint8)) == []
    assert large.asked == 1
