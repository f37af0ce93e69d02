"""How far the eyes are open, by MediaPipe's iris network (Ablavatski et al., 2020, arXiv:2006.11341).

The face mesh hardly closes its eyes; this network traces the lids of each.
"""

import cv2
import numpy as np

from ml.faces import mediapipe_files
from ml.faces.landmarks import Mesh
from ml.litert import LiteModel
from ml.types import Floats, Picture

_SIDE = 64
_MARGIN = 2.3
# The mesh's corners of the eye at the picture's left and of the one at its right; the network knows the former.
_CORNERS = ((33, 133), (362, 263))
# Of the network's 71 points: the corners, and the lids between them in the same order.
_OUTER, _INNER = 0, 8
_LOWER, _UPPER = slice(1, 8), slice(9, 16)


class EyeNetwork:
    """Measures the eyes of a face with MediaPipe's network on LiteRT."""

    def __init__(self, *, threads: int = 1) -> None:
        """Read the network; `threads` is the number of CPU threads of one call."""
        self._model = LiteModel(mediapipe_files.read("iris_landmark.tflite"), batch_size=2, threads=threads)

    def opening(self, rgb: Picture, mesh: Mesh) -> float:
        """Return the gap between the lids over the eye's width, of the eye that is open wider.

        About 0.2 to 0.27 open and 0.03 to 0.1 closed; who has both eyes closed has this one closed.

        Args:
            rgb: Uint8 (height, width, 3).
            mesh: The face's landmarks in it.
        """
        left, right = (_cut(rgb, mesh, corners) for corners in _CORNERS)
        pair = np.stack([left, right[:, ::-1]]) * np.float32(1 / 255)
        lids = max(self._model(pair), key=lambda output: output.size).reshape(2, 71, 3)
        return max(_gap(eye[:, :2]) for eye in lids)


def _cut(rgb: Picture, mesh: Mesh, corners: tuple[int, int]) -> Picture:
    """The eye in the middle, as level as both eyes are together, uint8 (64, 64, 3)."""
    across, down = mesh.mean_of(*_CORNERS[1]) - mesh.mean_of(*_CORNERS[0])
    one, other = mesh.points[list(corners), :2]
    scale = _SIDE / max(_MARGIN * float(np.linalg.norm(one - other)), 1.0)
    direction = scale * np.array([across, down]) / max(float(np.hypot(across, down)), 1e-6)
    rotation = np.array([direction, [-direction[1], direction[0]]])
    matrix = np.column_stack([rotation, _SIDE / 2 - rotation @ mesh.mean_of(*corners)])
    return cv2.warpAffine(rgb, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _gap(lids: Floats) -> float:
    apart = np.linalg.norm(lids[_UPPER] - lids[_LOWER], axis=1).mean()
    return float(apart / max(float(np.linalg.norm(lids[_OUTER] - lids[_INNER])), 1e-6))
