"""How many faces a detector finds, and how fast."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ml.faces.detection.base import Detection, Detector
from ml.types import Picture


@dataclass(frozen=True, slots=True)
class DetectorFigures:
    """What a detector did on pictures that each show one person's face in the middle.

    Attributes:
        pictures: How many there were.
        recall: Share of pictures in which a box covers the middle, in [0, 1].
        extra: Boxes a picture that do not cover it: bystanders, and what is no face.
        milliseconds: Median time of one picture, decoding apart.
    """

    pictures: int
    recall: float
    extra: float
    milliseconds: float


def measure(detector: Detector, pictures: Iterable[Picture]) -> DetectorFigures:
    """Run a detector over pictures, RGB uint8 (height, width, 3), at least one; the first one twice, to warm up."""
    found, extra, seconds = 0, 0, []
    for number, rgb in enumerate(pictures):
        if number == 0:
            detector.detect(rgb)
        start = time.perf_counter()
        detections = detector.detect(rgb)
        seconds.append(time.perf_counter() - start)
        hits = sum(_covers_middle(detection, rgb) for detection in detections)
        found += hits > 0
        extra += len(detections) - hits
    count = len(seconds)
    return DetectorFigures(count, found / count, extra / count, 1000 * float(np.median(seconds)))


def _covers_middle(detection: Detection, rgb: Picture) -> bool:
    height, width = rgb.shape[:2]
    box = detection.box
    return bool(box.x_min <= width / 2 <= box.x_max and box.y_min <= height / 2 <= box.y_max)
