"""What every detector gives, and which of several faces is meant."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ml.types import Box, Floats, Picture


@dataclass(frozen=True, slots=True)
class Detection:
    """One face found.

    Attributes:
        box: Where it is, in pixels of the picture.
        eyes: Centres of the image-left and the image-right eye, float32 (2, 2) in pixels; None if the detector
            gives no points.
    """

    box: Box
    eyes: Floats | None = None


class Detector(Protocol):
    """Finds the faces of a picture."""

    def detect(self, rgb: Picture) -> list[Detection]:
        """Return the faces of an RGB picture, uint8 (height, width, 3), most probable first."""


Selection = Callable[[Sequence[Detection], Picture], Detection]

# Faces at least this large, relative to the largest, compete for being the one that is meant.
_COMPARABLE = 0.7


def foremost(detections: Sequence[Detection], rgb: Picture) -> Detection:
    """Choose the face of the person at the camera: of the large faces, the one nearest the picture's centre."""
    largest = max(detection.box.side for detection in detections)
    return nearest_centre([d for d in detections if d.box.side >= _COMPARABLE * largest], rgb)


def nearest_centre(detections: Sequence[Detection], rgb: Picture) -> Detection:
    """Choose the face nearest the picture's centre, as evaluation sets of centred faces ask for."""
    height, width = rgb.shape[:2]

    def distance(detection: Detection) -> float:
        x, y = detection.box.centre
        return math.hypot(x - width / 2, y - height / 2)

    return min(detections, key=distance)
