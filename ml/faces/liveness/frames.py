"""What the challenge looks at in each frame."""

from dataclasses import dataclass

from ml.types import Floats, Reason


@dataclass(frozen=True, slots=True)
class Frame:
    """The face of one frame.

    Attributes:
        points: Its landmarks, as `Mesh.points`.
        yaw_degrees: Of the head itself, as in `Quality`.
        pitch_degrees: The same.
        embedding: Float32 (d,); of turned faces too, so only those without `reasons` may meet a template.
        reasons: Why the face may not be compared with a template.
        score: Its quality, in [0, 1].
        eyes: How far the wider eye is open, as `EyeNetwork.opening`; None where nobody looked, or the head is turned.
    """

    points: Floats
    yaw_degrees: float
    pitch_degrees: float
    embedding: Floats
    reasons: tuple[Reason, ...]
    score: float
    eyes: float | None
