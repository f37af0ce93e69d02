"""From a picture to the people it resembles."""

from django.conf import settings

from enrollment.jobs import candidates_for, pipeline_for
from enrollment.selectors import backend_subjects
from verification.jobs.inquiries import Answer, Reasons, box_json, face_in, inquiry_decide
from verification.models import Identification
from verification.models.inquiry import reason

CANDIDATES = 5


def identification_decide(identification_id: str) -> None:
    """Answers one pending identification."""
    inquiry_decide(Identification, identification_id, _search)


def _search(identification: Identification) -> Answer | Reasons:
    version = identification.model_version
    (picture,) = identification.pictures
    face = face_in(picture, pipeline_for(version))
    if isinstance(face, list):
        return [reason(code, picture=identification.PICTURES[0]) for code in face]
    if face.embedding is None:
        return [reason("no_face", picture=identification.PICTURES[0])]
    found = candidates_for(
        face.embedding,
        version,
        count=CANDIDATES,
        fmr=settings.FACE_TARGET_FMR,
        among=_reach(identification),
    )
    candidates = [
        {
            "subject": candidate.subject,
            "similarity": candidate.similarity,
            "threshold": candidate.threshold,
            "matched": candidate.matched,
        }
        for candidate in found
    ]
    return {"candidates": candidates, "box": box_json(face)}


def _reach(identification: Identification) -> set[int] | None:
    """Staff search among everybody. People with an account never agreed to be found by other systems."""
    if identification.service_key_id is None:
        return None
    return set(backend_subjects().values_list("pk", flat=True))
