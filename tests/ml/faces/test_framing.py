import numpy as np
import pytest

from ml.faces.framing import frame, window
from ml.types import InputSpec


def spec(height, width, channels):
    return InputSpec(height, width, channels, mean=0.0, scale=1.0)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (112, 112, (0, 0, 112, 112)),
        (105, 105, (0, 0, 112, 112)),
        (62, 47, (0, 13, 112, 85)),
        (30, 60, (28, 0, 56, 112)),
    ],
)
def test_it_takes_the_largest_centred_window_of_the_networks_proportions(height, width, expected):
    """For 62 x 47: 47 * 112 / 62 = 84.9 columns, and (112 - 85) / 2 = 13 left out before them."""
    assert window(spec(height, width, 1)) == expected


def test_a_network_of_the_crops_own_shape_sees_all_of_it():
    crop = np.random.default_rng(1).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    np.testing.assert_array_equal(frame(crop, spec(112, 112, 3)), crop)


def test_a_gray_network_sees_luma():
    """Pure red, green and blue weigh 0.299, 0.587 and 0.114 (ITU-R BT.601)."""
    for channel, weight in enumerate((0.299, 0.587, 0.114)):
        crop = np.zeros((112, 112, 3), np.uint8)
        crop[..., channel] = 200
        gray = frame(crop, spec(62, 47, 1))
        assert gray.shape == (62, 47, 1)
        assert gray.dtype == np.uint8
        np.testing.assert_allclose(gray, 200 * weight, atol=1)


def test_what_is_left_out_does_not_matter():
    crop = np.full((112, 112, 3), 90, np.uint8)
    crop[:, :13] = crop[:, 98:] = 255
    assert set(frame(crop, spec(62, 47, 1)).ravel()) == {90}
