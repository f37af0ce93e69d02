"""Values that travel between the modules. Pictures are RGB, uint8, (height, width, 3)."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Rates = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """A face's bounding box, in pixels of the upright decoded picture; it may reach beyond the edges.

    Attributes:
        x_min: Left edge.
        y_min: Top edge.
        x_max: Right edge.
        y_max: Bottom edge.
        probability: The detector's score, in [0, 1].
    """

    x_min: float
    y_min: float
    x_max: float
    y_max: float
    probability: float

    @property
    def side(self) -> float:
        """The longer of width and height, in pixels."""
        return max(self.x_max - self.x_min, self.y_max - self.y_min)

    @property
    def centre(self) -> tuple[float, float]:
        """The centre (x, y), in pixels."""
        return (self.x_min + self.x_max) / 2, (self.y_min + self.y_max) / 2


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be compared.

    Attributes:
        face_size_px: Distance from cheek to cheek or from brow to chin, whichever is longer, in the decoded picture.
        sharpness: Detail of the aligned crop, from 0 (flat) upwards; see `ml.faces.quality.sharpness`.
        brightness: Mean luma of the middle of the face, in [0, 1].
        yaw_degrees: Turn of the head, positive towards the picture's right.
        pitch_degrees: Nod of the head, positive upwards.
        roll_degrees: Tilt of the head, positive clockwise as seen in the picture.
        inside_fraction: Share of the aligned crop that lies within the picture, in [0, 1].
        faces: How many faces were found in the picture.
        score: The weakest of the measures above, in [0, 1].
        second_face: Size of the largest other face as a share of this one's; 0 when it is alone.
    """

    face_size_px: float
    sharpness: float
    brightness: float
    yaw_degrees: float
    pitch_degrees: float
    roll_degrees: float
    inside_fraction: float
    faces: int
    score: float
    second_face: float = 0.0


class Reason(StrEnum):
    """Why a picture's face was refused: something its person can change."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    CUT_OFF = "cut_off"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    EXTREME_POSE = "extreme_pose"


@dataclass(frozen=True, slots=True)
class Extraction:
    """What came out of one picture. A refused face has no embedding, so that it can never be compared.

    Attributes:
        reasons: Empty when the face was accepted.
        box: The face, where one was found.
        quality: Its measures, where its landmarks were found.
        crop: The aligned face, uint8 (112, 112, 3) RGB.
        embedding: Float32 (d,), as `Embedder.embed` gives it; None unless accepted.
    """

    reasons: tuple[Reason, ...]
    box: Box | None = None
    quality: Quality | None = None
    crop: Picture | None = None
    embedding: Floats | None = None

    @property
    def accepted(self) -> bool:
        """Whether the face may be enrolled or compared."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network eats: pixels in [0, 255] become `(pixel - mean) / scale`.

    Attributes:
        height: Rows.
        width: Columns.
        channels: 3 for RGB, 1 for gray.
        mean: Subtracted from every pixel.
        scale: Divides every pixel after that.
    """

    height: int
    width: int
    channels: int
    mean: float
    scale: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, self.channels

    def prepare(self, crops: npt.NDArray[np.uint8]) -> Floats:
        """Scale uint8 crops (n, height, width, channels) to the float32 that the network expects."""
        return (crops.astype(np.float32) - np.float32(self.mean)) / np.float32(self.scale)
