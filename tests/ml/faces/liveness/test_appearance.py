"""What the passive check measures of a picture."""

import cv2
import numpy as np
import pytest

from ml.faces.liveness.appearance import GROUPS, PATTERNS, appearance
from tests.faces import astronaut

FACE = (slice(60, 210), slice(165, 285))


@pytest.fixture
def face():
    return np.asarray(astronaut())[FACE]


def group(measures, name):
    start = sum(size for key, size in list(GROUPS.items())[: list(GROUPS).index(name)])
    return measures[start : start + GROUPS[name]]


def test_it_measures_pictures_of_any_size_alike_in_number(face):
    assert PATTERNS == 59
    for size in ((64, 48), (112, 112), (300, 200)):
        measures = appearance(cv2.resize(face, size))
        assert measures.shape == (sum(GROUPS.values()),)
        assert measures.dtype == np.float32
        assert np.isfinite(measures).all()


def test_it_finds_less_fine_detail_in_a_blurred_picture(face):
    sharp, blurred = (
        group(appearance(each), "spectrum") for each in (face, cv2.GaussianBlur(face, (0, 0), 3))
    )
    assert (blurred[12:] - blurred[:3].mean()).mean() < (sharp[12:] - sharp[:3].mean()).mean()


def test_it_counts_every_pattern_once(face):
    shares = group(appearance(face), "patterns").reshape(3, PATTERNS) ** 2
    assert shares.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-4)


def test_it_measures_light(face):
    assert group(appearance(face // 2), "colour")[0] < 0.6 * group(appearance(face), "colour")[0]


def test_it_measures_a_picture_of_one_colour():
    assert np.isfinite(appearance(np.full((20, 20, 3), 200, np.uint8))).all()
