"""From two pictures to "matched" or "not matched"."""

import base64
from collections.abc import Callable

import cv2
import numpy as np
from django.conf import settings

from enrollment.jobs import pipeline_aside
from ml.faces.framing import frame
from ml.faces.images import encode_jpeg
from ml.serving.calibration import Calibration
from ml.serving.pipeline import FacePipeline
from ml.siamese.comparators import CosineComparator, EuclideanComparator, WeightedL1Comparator
from ml.siamese.rules import TEMPLATE_MEAN
from ml.types import Extraction, Picture
from verification import policy
from verification.jobs.inquiries import Answer, Reasons, box_json, face_in, inquiry_decide
from verification.models import Comparison
from verification.models.inquiry import reason

# What each comparator's score means to people, and the distance of two faces with that score, if there is one.
MEASURES: dict[str, tuple[str, Callable[[float], float | None]]] = {
    CosineComparator.name: ("cosine", policy.cosine_distance),
    EuclideanComparator.name: ("distance", lambda similarity: -similarity),
    WeightedL1Comparator.name: ("probability", lambda _: None),
}


def comparison_decide(comparison_id: str) -> None:
    """Decides one pending comparison."""
    inquiry_decide(Comparison, comparison_id, _compare)


def _compare(comparison: Comparison) -> Answer | Reasons:
    pipeline = pipeline_aside(comparison.model_version)
    faces: list[Extraction] = []
    reasons: Reasons = []
    for name, picture in zip(comparison.PICTURES, comparison.pictures, strict=True):
        found = face_in(picture, pipeline)
        if isinstance(found, Extraction):
            faces.append(found)
        else:
            reasons += [reason(code, picture=name) for code in found]
    return reasons or _verdict(faces, pipeline)


def _verdict(faces: list[Extraction], pipeline: FacePipeline) -> Answer:
    """One picture stands for the template, the other is the probe, so the threshold is the one for a single anchor."""
    artifact = pipeline.artifact
    embeddings = [face.embedding for face in faces if face.embedding is not None]
    similarity = artifact.comparator.similarity(*embeddings)
    fmr = _fmr(artifact.calibration)
    threshold = artifact.calibration.threshold(anchors=1, fmr=fmr)
    measure, distance = MEASURES[artifact.comparator.name]
    return {
        "matched": policy.decide(similarity=similarity, threshold=threshold) == policy.Decision.MATCH,
        "measure": measure,
        "similarity": similarity,
        "threshold": threshold,
        "distance": distance(similarity),
        "threshold_distance": distance(threshold),
        "fmr": fmr,
        "boxes": [box_json(face) for face in faces],
        "crops": [
            _gray_uri(frame(face.crop, artifact.input_spec)) for face in faces if face.crop is not None
        ],
    }


def _fmr(calibration: Calibration) -> float:
    """The site's target, or the strictest below which a model that was calibrated on few people has no threshold."""
    known = calibration.rules.get(TEMPLATE_MEAN, {})
    return settings.FACE_TARGET_FMR if settings.FACE_TARGET_FMR in known else min(known, default=0.0)


def _gray_uri(face: Picture) -> str:
    """What a network sees of a face, in gray, as a JPEG data URI."""
    gray = face if face.shape[2] == 1 else cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    rgb = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(np.asarray(rgb, np.uint8))).decode()
