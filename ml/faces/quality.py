"""How good a face is for comparison, and the gates that refuse those that are not.

A poor face is not only hard to match: faces that are blurred, tiny or cut off by the picture's edge resemble *each
other*, so letting them through raises the false match rate.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.faces.landmarks import Mesh
from ml.types import Picture, Quality, Reason

# Of the 112 x 112 crop: brow to mouth, without hair and background.
_MIDDLE = (slice(34, 100), slice(26, 86))
# What the mesh of a face that looks straight ahead shows, by the median of many pictures.
_NEUTRAL_PITCH_DEGREES = -6.0


@dataclass(frozen=True, slots=True)
class QualityGate:
    """What a face must hold to be accepted. The names follow `Quality`.

    Attributes:
        min_face_size_px: Smaller faces lack detail.
        min_sharpness: Blurred faces lack it too.
        min_brightness: Darker is refused, in [0, 1].
        max_brightness: Brighter is refused, in [0, 1].
        max_yaw_degrees: Largest turn to either side.
        max_pitch_degrees: Largest nod up or down.
        min_inside_fraction: Smallest share of the aligned crop within the picture.
        max_second_face: Largest share of the face's size that another face may have.
    """

    min_face_size_px: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    max_yaw_degrees: float
    max_pitch_degrees: float
    min_inside_fraction: float
    max_second_face: float

    def reasons(self, quality: Quality) -> tuple[Reason, ...]:
        """Return why a face is refused, most telling first; empty when it is accepted."""
        refusals = (
            (Reason.SEVERAL_FACES, quality.second_face > self.max_second_face),
            (Reason.FACE_TOO_SMALL, quality.face_size_px < self.min_face_size_px),
            (Reason.CUT_OFF, quality.inside_fraction < self.min_inside_fraction),
            (Reason.TOO_DARK, quality.brightness < self.min_brightness),
            (Reason.TOO_BRIGHT, quality.brightness > self.max_brightness),
            (Reason.EXTREME_POSE, self._is_turned_away(quality)),
            (Reason.BLURRED, quality.sharpness < self.min_sharpness),
        )
        return tuple(reason for reason, refused in refusals if refused)

    def _is_turned_away(self, quality: Quality) -> bool:
        return (
            abs(quality.yaw_degrees) > self.max_yaw_degrees
            or abs(quality.pitch_degrees) > self.max_pitch_degrees
        )


# Set on ordinary web pictures, of which few are refused beside crowds, and on their blurred, darkened, shrunken and cut
# versions. A template lasts, so what goes into it is judged more strictly than what is compared with it once.
ENROLLMENT_GATE = QualityGate(
    min_face_size_px=80,
    min_sharpness=0.33,
    min_brightness=0.16,
    max_brightness=0.9,
    max_yaw_degrees=35,
    max_pitch_degrees=28,
    min_inside_fraction=0.99,
    max_second_face=0.5,
)
VERIFICATION_GATE = QualityGate(
    min_face_size_px=60,
    min_sharpness=0.28,
    min_brightness=0.1,
    max_brightness=0.94,
    max_yaw_degrees=45,
    max_pitch_degrees=38,
    min_inside_fraction=0.97,
    max_second_face=0.7,
)
# Refuses nothing but pictures without a face: for evaluation protocols, never for people.
OPEN_GATE = QualityGate(
    min_face_size_px=0,
    min_sharpness=0,
    min_brightness=0,
    max_brightness=1,
    max_yaw_degrees=180,
    max_pitch_degrees=180,
    min_inside_fraction=0,
    max_second_face=float("inf"),
)


def measure(mesh: Mesh, crop: Picture, *, inside_fraction: float, faces: int, second_face: float) -> Quality:
    """Measure a face.

    Args:
        mesh: Its landmarks.
        crop: Its aligned crop, uint8 (112, 112, 3) RGB.
        inside_fraction: Share of the crop within the picture, in [0, 1].
        faces: How many faces the picture has.
        second_face: Size of the largest other face as a share of this one's.
    """
    gray = cv2.cvtColor(crop[_MIDDLE], cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    yaw, pitch, roll = head_pose(mesh)
    measures = {
        "face_size_px": face_size(mesh),
        "sharpness": sharpness(gray),
        "brightness": float(gray.mean()) / 255,
        "yaw_degrees": yaw,
        "pitch_degrees": pitch,
        "roll_degrees": roll,
        "inside_fraction": inside_fraction,
        "second_face": second_face,
    }
    return Quality(faces=faces, score=_score(measures), **measures)


def sharpness(gray: Picture) -> float:
    """Return how strong fine detail is beside coarse detail: about 0.45 for a sharp face, 0.29 blurred by 2 pixels.

    Both are bands of spatial frequency, differences of Gaussian blurs. Dividing one by the other cancels contrast, so
    that a dim but sharp face does not count as blurred; single pixels are left out, so that noise is no detail.

    Args:
        gray: Uint8 (height, width), of the aligned crop.
    """
    level = gray.astype(np.float32)
    fine, middle, coarse = (cv2.GaussianBlur(level, (0, 0), sigma) for sigma in (0.7, 1.5, 4.0))
    return float((fine - middle).std() / max(float((middle - coarse).std()), 2.0))


def face_size(mesh: Mesh) -> float:
    """Return the distance from cheek to cheek or from brow to chin, whichever is longer, in pixels."""
    across = mesh.points[454] - mesh.points[234]
    down = mesh.points[152] - mesh.points[10]
    return float(max(np.linalg.norm(across[:2]), np.linalg.norm(down[:2])))


def head_pose(mesh: Mesh) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in degrees, with the signs that `Quality` states.

    The line from cheek to cheek tells yaw and roll, the line from brow to chin tells pitch: the mesh gives depth too.
    """
    across = mesh.points[454] - mesh.points[234]
    down = mesh.points[152] - mesh.points[10]
    yaw = np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1])))
    pitch = np.degrees(np.arctan2(-down[2], np.hypot(down[0], down[1]))) - _NEUTRAL_PITCH_DEGREES
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return float(yaw), float(pitch), float(roll)


def _score(measures: dict[str, float]) -> float:
    """The weakest measure, each taken from 0 (useless) to 1 (as good as it gets)."""

    def rise(value: float, low: float, high: float) -> float:
        return min(1.0, max(0.0, (value - low) / (high - low)))

    return min(
        rise(measures["face_size_px"], 40, 120),
        rise(measures["sharpness"], 0.2, 0.42),
        rise(measures["brightness"], 0.05, 0.3),
        rise(-measures["brightness"], -0.98, -0.8),
        rise(-abs(measures["yaw_degrees"]), -60, -15),
        rise(-abs(measures["pitch_degrees"]), -50, -15),
        rise(measures["inside_fraction"], 0.9, 1.0),
    )
