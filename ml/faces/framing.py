"""What a network sees of an aligned face: the middle of the crop, in the network's own shape and colours."""

import cv2
import numpy as np

from ml.faces.alignment import SIDE_PX
from ml.types import InputSpec, Picture


def frame(crop: Picture, spec: InputSpec) -> Picture:
    """Fit an aligned face to a network.

    The largest centred window of the network's proportions is taken, shrunk, and made gray if the network is gray.

    Args:
        crop: Uint8 (112, 112, 3) RGB.
        spec: What the network eats.

    Returns:
        Uint8 (height, width, channels), not yet scaled: `spec.prepare` does that.
    """
    top, left, height, width = window(spec)
    middle = crop[top : top + height, left : left + width]
    coloured = cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY) if spec.channels == 1 else middle
    resized = cv2.resize(coloured, (spec.width, spec.height), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8).reshape(spec.shape)


def window(spec: InputSpec) -> tuple[int, int, int, int]:
    """Return top, left, height and width of the part of the aligned crop that a network sees, in pixels."""
    scale = SIDE_PX / max(spec.height, spec.width)
    height, width = round(spec.height * scale), round(spec.width * scale)
    return (SIDE_PX - height) // 2, (SIDE_PX - width) // 2, height, width
