"""MediaPipe's face mesh: 468 points of a face (Kartynnik et al., 2019, arXiv:1907.06724)."""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.faces import mediapipe_files
from ml.faces.detection.base import Detection
from ml.litert import LiteModel
from ml.types import Floats, Picture

_SIDE = 192
_MARGIN = 1.5


@dataclass(frozen=True, slots=True)
class Mesh:
    """The points of one face.

    Attributes:
        points: Float32 (468, 3): x and y in pixels of the picture; z in the same unit, smaller is nearer the camera.
        presence: Probability that there is a face at all, in [0, 1].
    """

    points: Floats
    presence: float

    @property
    def is_face(self) -> bool:
        """Whether the network takes it for a face; a high detector score alone is no proof."""
        return self.presence >= 0.5

    def mean_of(self, *indices: int) -> Floats:
        """The mean (x, y) of some points, float32 (2,)."""
        return np.asarray(self.points[list(indices), :2].mean(axis=0), np.float32)


class MeshNetwork:
    """Finds the mesh of a detected face with MediaPipe's network on LiteRT."""

    def __init__(self, *, threads: int = 1) -> None:
        """Read the network; `threads` is the number of CPU threads of one call."""
        self._model = LiteModel(mediapipe_files.read("face_landmark.tflite"), threads=threads)

    def locate(self, rgb: Picture, detection: Detection) -> Mesh:
        """Return the mesh of one detected face of an RGB picture, uint8 (height, width, 3)."""
        matrix = crop_matrix(detection)
        crop = cv2.warpAffine(rgb, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
        points, logit = sorted(self._model(crop[None] * np.float32(1 / 255)), key=lambda output: -output.size)
        presence = 1 / (1 + np.exp(-np.clip(float(logit.item()), -80, 80)))
        return Mesh(points=_to_picture(points.reshape(468, 3), matrix), presence=float(presence))


def crop_matrix(detection: Detection) -> Floats:
    """Return the float32 (2, 3) similarity from the picture to the network's 192-pixel crop.

    The crop stands about the box's centre, 1.5 times as wide as the box's longer side, and is turned so that the eyes
    are level.
    """
    angle = 0.0
    if detection.eyes is not None:
        across, down = detection.eyes[1] - detection.eyes[0]
        angle = float(np.arctan2(down, across))
    scale = _SIDE / max(_MARGIN * detection.box.side, 1.0)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    rotation = np.array([[cosine, sine], [-sine, cosine]])
    shift = _SIDE / 2 - rotation @ np.array(detection.box.centre)
    return np.column_stack([rotation, shift]).astype(np.float32)


def _to_picture(points: Floats, matrix: Floats) -> Floats:
    scale = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    placed = np.empty_like(points)
    placed[:, :2] = (points[:, :2] - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    placed[:, 2] = points[:, 2] / scale
    return placed
