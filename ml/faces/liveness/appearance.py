"""What a picture of a face looks like, as numbers that may tell a screen or a print from skin.

Radial spectrum after Li et al. (2004), local binary patterns after Ojala et al. (2002), of colours too after
Boulkenafet et al. (2015). On cameras that were not learned from they tell little; see `docs/liveness.md`.
"""

import cv2
import numpy as np

from ml.types import Floats, Picture

SIDE_PX = 112
RINGS = 24
QUANTILES = (5, 25, 50, 75, 95)
# Neighbours in a circle, as (row, column) shifts.
_CIRCLE = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def _pattern_bins() -> np.ndarray:
    """Bin of each of the 256 patterns: 58 with at most two changes around the circle, and one for all others."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    smooth = np.sum(bits != np.roll(bits, 1, axis=1), axis=1) <= 2
    return np.where(smooth, np.cumsum(smooth) - 1, np.sum(smooth))


_BINS = _pattern_bins()
PATTERNS = int(_BINS.max()) + 1
GROUPS = {"spectrum": RINGS, "patterns": 3 * PATTERNS, "colour": 6 * (2 + len(QUANTILES))}


def appearance(face: Picture) -> Floats:
    """Measure one face.

    Args:
        face: RGB, uint8 (height, width, 3), cut close about the face; any size.

    Returns:
        Float32 (sum of `GROUPS`,): the groups one after another.
    """
    square = cv2.resize(face, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    luma_chroma = cv2.cvtColor(square, cv2.COLOR_RGB2YCrCb)
    hue_value = cv2.cvtColor(square, cv2.COLOR_RGB2HSV)
    patterns = [_patterns(luma_chroma[..., channel]) for channel in range(3)]
    colours = [_spread(space[..., channel]) for space in (luma_chroma, hue_value) for channel in range(3)]
    return np.concatenate([_spectrum(luma_chroma[..., 0]), *patterns, *colours]).astype(np.float32)


def _spectrum(luma: np.ndarray) -> np.ndarray:
    """Logarithm of the power in each ring of frequencies, against the mean of all rings."""
    window = np.hanning(SIDE_PX)
    values = (luma - luma.mean()) * np.outer(window, window)
    power = np.abs(np.fft.fft2(values)) ** 2
    axis = np.fft.fftfreq(SIDE_PX)
    ring = np.minimum((np.hypot(axis[:, None], axis) * 2 * RINGS).astype(int), RINGS - 1)
    sums = np.bincount(ring.ravel(), weights=power.ravel(), minlength=RINGS)
    logarithm = np.log(sums / np.bincount(ring.ravel(), minlength=RINGS) + 1.0)
    return np.asarray(logarithm - logarithm.mean())


def _patterns(channel: np.ndarray) -> np.ndarray:
    """Square roots of the shares of each pattern."""
    middle = channel[1:-1, 1:-1]
    rows, columns = channel.shape
    codes = np.zeros(middle.shape, np.int64)
    for bit, (down, right) in enumerate(_CIRCLE):
        neighbour = channel[1 + down : rows - 1 + down, 1 + right : columns - 1 + right]
        codes += (neighbour >= middle).astype(np.int64) << bit
    counts = np.bincount(_BINS[codes].ravel(), minlength=PATTERNS)
    return np.asarray(np.sqrt(counts / middle.size))


def _spread(channel: np.ndarray) -> np.ndarray:
    """Mean, deviation and quantiles, in [0, 1]."""
    return np.array([channel.mean(), channel.std(), *np.percentile(channel, QUANTILES)]) / 255
