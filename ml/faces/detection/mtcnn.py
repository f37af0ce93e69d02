"""Multi-task cascaded convolutional networks (Zhang, Zhang, Li, Qiao, 2016, arXiv:1604.02878), from the wheel `mtcnn`.

The wheel loads TensorFlow, so serving never imports this file; training and benchmarks may.
"""

from typing import Any

import cv2
import numpy as np
from mtcnn import MTCNN

from ml.faces.detection.base import Detection
from ml.types import Box, Picture

_MAX_SIDE_PX = 640


class MTCNNDetector:
    """Finds faces and five points of each with MTCNN."""

    def __init__(self, *, min_probability: float = 0.9) -> None:
        """Read the networks.

        Args:
            min_probability: Weaker detections are dropped.
        """
        self._network = MTCNN(device="CPU:0")
        self._min_probability = min_probability

    def detect(self, rgb: Picture) -> list[Detection]:
        """Return the faces of an RGB picture, uint8 (height, width, 3), most probable first."""
        height, width = rgb.shape[:2]
        # Its time grows with the pixels; more of them find no more faces of a size that can be compared.
        scale = min(1.0, _MAX_SIDE_PX / max(height, width))
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        found = self._network.detect_faces(rgb)
        faces = [_detection(face, scale) for face in found if face["confidence"] >= self._min_probability]
        return sorted(faces, key=lambda face: -face.box.probability)


def _detection(face: dict[str, Any], scale: float) -> Detection:
    x, y, width, height = (float(value) / scale for value in face["box"])
    points = face["keypoints"]
    eyes = sorted((points["left_eye"], points["right_eye"]))
    return Detection(
        box=Box(x, y, x + width, y + height, float(face["confidence"])),
        eyes=np.asarray(eyes, np.float32) / np.float32(scale),
    )
