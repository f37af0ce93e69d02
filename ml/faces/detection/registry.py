"""The detectors by name. Each is imported when it is asked for: MTCNN brings TensorFlow, which serving never loads."""

from collections.abc import Callable

from ml.faces.detection.base import Detector


def _mediapipe() -> Detector:
    from ml.faces.detection.mediapipe import MediaPipeDetector

    return MediaPipeDetector()


def _quick() -> Detector:
    from ml.faces.detection.mediapipe import MediaPipeDetector
    from ml.faces.detection.quick import QuickDetector

    return QuickDetector(MediaPipeDetector())


def _mtcnn() -> Detector:
    from ml.faces.detection.mtcnn import MTCNNDetector

    return MTCNNDetector()


def _haar() -> Detector:
    from ml.faces.detection.haar import HaarDetector

    return HaarDetector()


DETECTORS: dict[str, Callable[[], Detector]] = {
    "mediapipe": _mediapipe,
    "quick": _quick,
    "mtcnn": _mtcnn,
    "haar": _haar,
}
