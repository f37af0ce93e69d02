"""MediaPipe's BlazeFace (Bazarevsky et al., 2019, arXiv:1907.05047): the network for "back cameras" and a smaller one.

Either network gives, for each of 896 anchors, a logit and 16 numbers: box centre, box size and six keypoints, all in
input pixels relative to the anchor's centre. Anchors stand row by row, two a cell on a 16 x 16 grid, then six a cell
on an 8 x 8 grid.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.faces import mediapipe_files
from ml.faces.detection.base import Detection
from ml.litert import LiteModel
from ml.types import Box, Floats, Picture

_GRIDS = ((16, 2), (8, 6))
_SUPPRESSION_IOU = 0.3
_LEVELS = np.linspace(-1, 1, 256, dtype=np.float32)  # what each uint8 level becomes


@dataclass(frozen=True, slots=True)
class BlazeFace:
    """One of the networks.

    Attributes:
        file: Its name in the wheel.
        side_px: Side of its square input.
    """

    file: str
    side_px: int


BACK_CAMERA = BlazeFace("face_detection_back.tflite", 256)
SHORT_RANGE = BlazeFace("face_detection_short_range.tflite", 128)


class MediaPipeDetector:
    """Finds faces with one of MediaPipe's networks on LiteRT."""

    def __init__(
        self, *, network: BlazeFace = BACK_CAMERA, min_probability: float = 0.5, threads: int = 1
    ) -> None:
        """Read the network.

        Args:
            network: The smaller one is five times as fast and overlooks small faces.
            min_probability: Weaker detections are dropped.
            threads: CPU threads of one detection.
        """
        self._side = network.side_px
        self._model = LiteModel(mediapipe_files.read(network.file), threads=threads)
        self._anchors = anchor_centres() * np.float32(network.side_px)
        self._min_logit = float(np.log(min_probability / (1 - min_probability)))

    def detect(self, rgb: Picture) -> list[Detection]:
        """Return the faces of an RGB picture, uint8 (height, width, 3), most probable first."""
        square, scale, left, top = letterbox(rgb, self._side)
        regressors, logits = sorted(self._model(square[None]), key=lambda output: -output.shape[-1])
        kept = np.flatnonzero(logits[0, :, 0] >= self._min_logit)
        probabilities = 1 / (1 + np.exp(-np.clip(logits[0, kept, 0], -80, 80)))
        faces = decode_regressors(regressors[0, kept], self._anchors[kept])
        merged = suppress(faces, probabilities)
        return [_detection(face, probability, scale, left, top) for face, probability in merged]


def letterbox(rgb: Picture, side: int) -> tuple[Floats, float, int, int]:
    """Fit a picture into a square of so many pixels a side, centred between black bars.

    Returns:
        Float32 (side, side, 3) in [-1, 1]; how many of its pixels make one of the picture's; the bars' widths in pixels
        at the left and at the top.
    """
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + size[1], left : left + size[0]] = resized
    return cv2.LUT(square, _LEVELS).astype(np.float32, copy=False), scale, left, top


def anchor_centres() -> Floats:
    """Return the anchors' centres (x, y) as shares of the input's side, float32 (896, 2)."""
    centres = []
    for cells, per_cell in _GRIDS:
        positions = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(positions, positions)
        centres.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), per_cell, axis=0))
    return np.concatenate(centres)


def decode_regressors(regressors: Floats, anchors: Floats) -> Floats:
    """Turn raw outputs into corners and keypoints.

    Args:
        regressors: Float32 (n, 16): centre, size, six keypoints, in input pixels relative to the anchor.
        anchors: Float32 (n, 2), their centres in input pixels.

    Returns:
        Float32 (n, 8, 2) points (x, y) in input pixels: top-left corner, bottom-right corner, six keypoints.
    """
    points = regressors.reshape(-1, 8, 2).copy()
    half = points[:, 1] / 2
    centre = points[:, 0] + anchors
    points[:, 2:] += anchors[:, None]
    points[:, 0], points[:, 1] = centre - half, centre + half
    return points


def suppress(faces: Floats, probabilities: Floats) -> list[tuple[Floats, float]]:
    """Merge overlapping faces into their mean, weighted by probability, most probable first.

    Args:
        faces: Float32 (n, 8, 2), corners and keypoints.
        probabilities: Float32 (n,).

    Returns:
        Pairs of merged points (8, 2) and the best probability among the merged.
    """
    merged = []
    left = np.argsort(-probabilities, kind="stable")
    while left.size:
        same = _iou(faces[left[0]], faces[left]) > _SUPPRESSION_IOU
        same[0] = True
        group = left[same]
        mean = np.average(faces[group], axis=0, weights=probabilities[group])
        merged.append((mean.astype(np.float32), float(probabilities[group[0]])))
        left = left[~same]
    return merged


def _iou(face: Floats, others: Floats) -> Floats:
    """Intersection over union of one face's box with others', float32 (n,)."""
    overlap = np.minimum(face[1], others[:, 1]) - np.maximum(face[0], others[:, 0])
    intersection = np.prod(np.maximum(overlap, 0), axis=1)
    area = np.prod(np.maximum(face[1] - face[0], 0))
    areas = np.prod(np.maximum(others[:, 1] - others[:, 0], 0), axis=1)
    union = np.maximum(area + areas - intersection, np.float32(1e-9))
    return np.asarray(intersection / union, np.float32)


def _detection(points: Floats, probability: float, scale: float, left: int, top: int) -> Detection:
    placed = (points - np.array([left, top], np.float32)) / np.float32(scale)
    (x_min, y_min), (x_max, y_max) = placed[0], placed[1]
    box = Box(float(x_min), float(y_min), float(x_max), float(y_max), probability)
    return Detection(box=box, eyes=placed[2:4])
