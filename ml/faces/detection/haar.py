"""Viola and Jones' cascade of Haar features (2001), as OpenCV carries it. Gives boxes only, of frontal faces."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from cv2.data import haarcascades

from ml.errors import ArtifactError
from ml.faces.detection.base import Detection
from ml.types import Box, Picture

_CASCADE = "haarcascade_frontalface_default.xml"
_SCALE_STEP = 1.1


class HaarDetector:
    """Finds frontal faces with OpenCV's cascade."""

    def __init__(self, *, min_neighbours: int = 5, min_side_px: int = 40) -> None:
        """Read the cascade.

        Args:
            min_neighbours: How many overlapping hits make a face.
            min_side_px: Smaller faces are not looked for, which saves most of the time.

        Raises:
            ArtifactError: `artifact_missing` if this OpenCV comes without its cascades.
        """
        path = Path(haarcascades) / _CASCADE
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise ArtifactError("artifact_missing", f"expected the cascade {path}, found none")
        self._min_neighbours = min_neighbours
        self._min_side_px = min_side_px

    def detect(self, rgb: Picture) -> list[Detection]:
        """Return the faces of an RGB picture, uint8 (height, width, 3), most probable first."""
        gray = cv2.equalizeHist(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
        boxes, _, margins = self._cascade.detectMultiScale3(
            gray,
            scaleFactor=_SCALE_STEP,
            minNeighbors=self._min_neighbours,
            minSize=(self._min_side_px, self._min_side_px),
            outputRejectLevels=True,
        )
        found = [_detection(box, float(margin)) for box, margin in zip(boxes, np.ravel(margins), strict=True)]
        return sorted(found, key=lambda face: -face.box.probability)


def _detection(box: Sequence[int], margin: float) -> Detection:
    x, y, width, height = (float(value) for value in box)
    # The cascade gives the last stage's margin, from minus to plus a few units: no probability, but it ranks as one.
    probability = 1 / (1 + float(np.exp(-margin)))
    return Detection(Box(x, y, x + width, y + height, probability))
