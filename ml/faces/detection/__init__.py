"""Finding faces: one interface, one file a detector."""

from ml.faces.detection.base import Detection, Detector
from ml.faces.detection.mediapipe import MediaPipeDetector
from ml.faces.detection.quick import QuickDetector

__all__ = ["Detection", "Detector", "MediaPipeDetector", "QuickDetector"]
