import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.faces.alignment import TEMPLATE, inside_fraction, similarity_transform, warp


@given(
    scale=st.floats(0.1, 10),
    degrees=st.floats(-180, 180),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_it_recovers_a_known_similarity(scale, degrees, shift):
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = similarity_transform(TEMPLATE, TEMPLATE @ turn.T + np.array(shift))
    np.testing.assert_allclose(matrix[:, :2], turn, atol=1e-4)
    np.testing.assert_allclose(matrix[:, 2], shift, atol=2e-3)


def test_it_is_the_least_squares_solution():
    generator = np.random.default_rng(3)
    target = TEMPLATE + generator.normal(0, 3, TEMPLATE.shape)
    matrix = similarity_transform(TEMPLATE, target)

    def squares(m):
        return ((TEMPLATE @ m[:, :2].T + m[:, 2] - target) ** 2).sum()

    for row, column in np.ndindex(2, 3):
        a, b = matrix.copy(), matrix.copy()
        # A similarity has four free numbers: nudge scale, angle or shift, keeping the form.
        for nudged, sign in ((a, 1), (b, -1)):
            nudged[row, column] += sign * 1e-2
            if column < 2:
                nudged[1 - row, 1 - column] += sign * 1e-2 * (1 if row == column else -1)
        assert squares(matrix) < min(squares(a), squares(b))


def test_it_cuts_out_the_same_face_from_a_turned_picture(astronaut):
    points = np.array([[211, 115], [248, 112], [231, 137], [215, 151], [248, 149]], np.float32)
    turn = cv2.getRotationMatrix2D((230, 130), 25, 1.0).astype(np.float32)
    turned = cv2.warpAffine(astronaut, turn, (512, 512)).astype(np.uint8)
    upright = warp(astronaut, similarity_transform(points, TEMPLATE))
    again = warp(turned, similarity_transform(points @ turn[:, :2].T + turn[:, 2], TEMPLATE))
    assert upright.shape == (112, 112, 3)
    assert np.abs(upright.astype(int) - again).mean() < 4


def test_it_shrinks_without_moving(astronaut):
    """The detour over a smaller picture gives what averaging the full one gives, to the fraction of a pixel."""
    matrix = np.array([[0.21875, 0, 0], [0, 0.21875, 0]], np.float32)  # 512 to 112, but corner to corner
    matrix[:, 2] = 0.5 * 0.21875 - 0.5
    direct = cv2.resize(astronaut, (112, 112), interpolation=cv2.INTER_AREA)
    assert np.abs(warp(astronaut, matrix).astype(int) - direct).mean() < 3


@pytest.mark.parametrize(("shift", "inside"), [(0, 1.0), (28, 0.75), (56, 0.5), (112, 0.0)])
def test_it_measures_how_much_of_the_crop_is_in_the_picture(shift, inside):
    matrix = np.array([[1, 0, shift], [0, 1, 0]], np.float32)
    assert inside_fraction(matrix, height=112, width=112) == pytest.approx(inside, abs=1e-5)
