"""Sunglasses, drawn: of many shapes and colours, to be put on aligned faces in training."""

import cv2
import numpy as np
import numpy.typing as npt

from ml.faces.alignment import TEMPLATE
from ml.training.folder import FACE_PX, MARGIN_PX
from ml.types import Floats

_FINER = 4  # drawn so many times larger, and shrunk
_EYES = TEMPLATE[:2] + MARGIN_PX
_MIDDLE = float(_EYES[:, 0].mean())


def sunglasses(count: int, *, seed: int) -> Floats:
    """Draw pairs of sunglasses for aligned faces.

    Args:
        count: How many.
        seed: The same one draws the same glasses.

    Returns:
        Float32 (count, 128, 128, 4): red, green and blue in [0, 255], already multiplied with the last channel, the
        share in [0, 1] of the face that is covered.
    """
    generator = np.random.default_rng(seed)
    return np.stack([_pair(generator) for _ in range(count)])


def _pair(generator: np.random.Generator) -> Floats:
    side = FACE_PX * _FINER
    lenses, frame = (np.zeros((side, side), np.float32) for _ in range(2))
    width, height = generator.uniform(13, 20), generator.uniform(9, 16)
    roundness = generator.choice([2.0, 2.6, 4.0])  # of a superellipse: from oval to nearly square
    shift = generator.uniform([-2, 0], [2, 6])
    thickness = int(generator.integers(3, 13))
    for eye in _EYES + shift:
        outwards = np.sign(eye[0] - _MIDDLE)
        centre = eye + np.array([1.5 * outwards, 0])
        shape = _outline(centre, width, height, roundness)
        cv2.fillPoly(lenses, [shape], 1.0)
        cv2.polylines(frame, [shape], True, 1.0, thickness)
        end = FACE_PX * (outwards > 0), eye[1] + generator.uniform(-4, 2)
        _line(frame, [(eye[0] + outwards * width, eye[1]), end], thickness)
    bridge = np.array([[width, -1], [-width, -1]]) + _EYES + shift
    _line(frame, bridge, thickness)
    covered = np.maximum(lenses * generator.uniform(0.75, 1), frame)[..., None]
    # Some lenses shine on one side; most frames are dark.
    shine = np.linspace(0, generator.uniform(0, 70), side)[None, :, None]
    tint = generator.integers(0, 60, 3) + shine
    rim = generator.integers(0, 200 if generator.random() < 0.3 else 60, 3)
    colour = np.where(frame[..., None] > 0, rim, tint)
    drawn = np.concatenate([colour * covered, covered], axis=2).astype(np.float32)
    return np.asarray(cv2.resize(drawn, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA), np.float32)


def _outline(
    centre: npt.NDArray[np.floating], width: float, height: float, roundness: float
) -> npt.NDArray[np.int32]:
    around = np.linspace(0, 2 * np.pi, 80)
    circle = np.stack([np.cos(around), np.sin(around)], axis=1)
    shape = np.sign(circle) * np.abs(circle) ** (2 / roundness) * [width, height]
    return np.asarray((centre + shape) * _FINER, np.int32)


def _line(canvas: Floats, ends: npt.ArrayLike, thickness: int) -> None:
    (x, y), (other_x, other_y) = (np.asarray(ends) * _FINER).astype(int).tolist()
    cv2.line(canvas, (x, y), (other_x, other_y), 1.0, thickness)
