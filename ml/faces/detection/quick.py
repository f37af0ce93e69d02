"""A small detector before the large one, for pictures of somebody who looks into a camera."""

from ml.faces.detection.base import Detection, foremost
from ml.faces.detection.mediapipe import SHORT_RANGE, MediaPipeDetector
from ml.types import Picture

# So sure, and so large a share of the picture, the face has to be: small ones are overlooked here.
_SURE = 0.75
_LARGE = 0.2
# Whatever may be a second face of this share of the first one's size is worth the large detector.
_SUSPECTED = 0.25
_RIVAL = 0.4


class QuickDetector:
    """Answers at once where there is one large face, and asks the large detector elsewhere.

    It may overlook a second face that the picture's edge cuts off, so enrollment, which wants nobody else in the
    picture, does without it.
    """

    def __init__(self, large: MediaPipeDetector, *, threads: int = 1) -> None:
        """Read the small network.

        Args:
            large: Whom to ask in doubt.
            threads: CPU threads of one detection.
        """
        self._small = MediaPipeDetector(network=SHORT_RANGE, min_probability=_SUSPECTED, threads=threads)
        self._large = large

    def detect(self, rgb: Picture) -> list[Detection]:
        """Return the faces of an RGB picture, uint8 (height, width, 3), most probable first."""
        plain = _plain(self._small.detect(rgb), rgb)
        return [plain] if plain else self._large.detect(rgb)


def _plain(faces: list[Detection], rgb: Picture) -> Detection | None:
    """The one face that is there beyond doubt, if nothing else may be a face of comparable size."""
    if not faces:
        return None
    first = foremost(faces, rgb)
    sure = first.box.probability >= _SURE and first.box.side >= _LARGE * max(rgb.shape[:2])
    alone = all(face is first or face.box.side < _RIVAL * first.box.side for face in faces)
    return first if sure and alone else None
