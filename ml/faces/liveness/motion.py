"""How a head moved between two pictures, from its 468 landmarks alone.

Turns are measured against the person's own first frame, not against a model head: the way a face is built then cancels.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ml.types import Floats

# What does not move with eyes, brows or jaw: eye corners, bridge and tip of the nose, forehead, temples and cheeks.
_RIGID = [33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 10, 151, 9, 8, 127, 356, 234, 454, 93, 323]
_EYE_CORNERS = (33, 133, 362, 263)
_LIPS = (13, 14)
_MOUTH_CORNERS = (78, 308)


@dataclass(frozen=True, slots=True)
class Turn:
    """A rotation of the head, in degrees.

    Attributes:
        yaw: Positive towards the picture's right, which is the person's left.
        pitch: Positive upwards.
    """

    yaw: float
    pitch: float


def turn_between(start: Floats, end: Floats) -> Turn:
    """Return the rotation of the best rigid fit (Kabsch, 1976) from one mesh to another, scale and place left out.

    Args:
        start: Float32 (468, 3), as `Mesh.points`.
        end: The same points later.
    """
    a, b = (_centred(points[_RIGID]) for points in (start, end))
    u, _, vt = np.linalg.svd(a.T @ b)
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    # Where the nose points: towards the camera, which is -z, before the rotation.
    x, y, z = -(vt.T @ mirror @ u.T)[:, 2]
    return Turn(
        yaw=float(np.degrees(np.arctan2(x, -z))), pitch=float(np.degrees(np.arctan2(-y, np.hypot(x, z))))
    )


def _centred(points: Floats) -> Floats:
    return np.asarray(points - points.mean(axis=0), np.float64)


def depth_of_motion(start: Floats, end: Floats) -> float:
    """Return how badly the motion of a flat picture explains that of the landmarks, in eye distances.

    A flat picture, however it is moved, scaled or tilted, moves by a homography. What the best one leaves over is the
    root mean square distance in the picture, divided by the distance between the eyes of the first mesh.
    """
    a, b = (points[:, :2].astype(np.float64) for points in (start, end))
    homography: Any = cv2.findHomography(a, b, 0)[0]
    if homography is None:  # the points lie on a line: no face
        return 0.0
    moved = cv2.perspectiveTransform(a[None], homography)[0]
    return float(np.sqrt(((moved - b) ** 2).sum(axis=1).mean()) / eye_distance(start))


def shift_between(start: Floats, end: Floats) -> float:
    """Return the root mean square distance of the landmarks of two frames in the picture, in eye distances."""
    return float(
        np.sqrt(((start[:, :2] - end[:, :2]) ** 2).sum(axis=1).mean()) / max(eye_distance(start), 1e-6)
    )


def eye_distance(points: Floats) -> float:
    """Return the distance of the centres of the eyes in space, in pixels; a turned head keeps it."""
    corners = points[list(_EYE_CORNERS)]
    return float(np.linalg.norm(corners[:2].mean(axis=0) - corners[2:].mean(axis=0)))


def mouth_opening(points: Floats) -> float:
    """Return the gap between the lips divided by the width of the mouth: 0 closed, about 0.3 speaking, 0.5 wide."""
    upper, lower = points[list(_LIPS)]
    left, right = points[list(_MOUTH_CORNERS)]
    return float(np.linalg.norm(upper - lower) / max(float(np.linalg.norm(left - right)), 1e-6))
