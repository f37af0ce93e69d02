"""From two pictures to "matched" or "not matched"."""

import base64

import cv2
import numpy as np
from django.conf import settings

from enrollment.jobs import pipeline_for
from ml.faces.images import encode_jpeg
from ml.serving.pipeline import FacePipeline
from ml.siamese.comparators import CosineComparator
from ml.types import Extraction, Picture
from verification import policy
from verification.jobs.inquiries import Answer, Reasons, box_json, face_in, inquiry_decide
from verification.models import Comparison
from verification.models.inquiry import reason


def comparison_decide(comparison_id: str) -> None:
    """Decides one pending comparison."""
    inquiry_decide(Comparison, comparison_id, _compare)


def _compare(comparison: Comparison) -> Answer | Reasons:
    pipeline = pipeline_for(comparison.model_version)
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
    embeddings = [face.embedding for face in faces if face.embedding is not None]
    similarity = pipeline.artifact.comparator.similarity(*embeddings)
    threshold = pipeline.artifact.calibration.threshold(anchors=1, fmr=settings.FACE_TARGET_FMR)
    # Only the cosine of unit vectors has a distance of its own; other comparators have similarities alone.
    is_cosine = pipeline.artifact.comparator.name == CosineComparator.name
    return {
        "matched": policy.decide(similarity=similarity, threshold=threshold) == policy.Decision.MATCH,
        "similarity": similarity,
        "threshold": threshold,
        "distance": policy.cosine_distance(similarity) if is_cosine else None,
        "threshold_distance": policy.cosine_distance(threshold) if is_cosine else None,
        "boxes": [box_json(face) for face in faces],
        "crops": [_gray_uri(face.crop) for face in faces if face.crop is not None],
    }


def _gray_uri(crop: Picture) -> str:
    """The aligned face in gray, as a JPEG data URI."""
    gray = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(np.asarray(gray, np.uint8))).decode()
