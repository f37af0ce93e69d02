"""From the pictures of an attempt to the one face that meets the templates."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from django.conf import settings

from ml.faces.liveness import Action, judge
from ml.faces.quality import VERIFICATION_GATE
from ml.serving.pipeline import FacePipeline
from verification import policy
from verification.models import Attempt, VerificationSession


@dataclass(frozen=True)
class Probe:
    """A face to compare; `liveness` says why it must not win, or is empty; `turned` is the same head turned away."""

    embedding: np.ndarray
    liveness: str = ""
    turned: tuple[np.ndarray, ...] = ()


def probe_of(attempt: Attempt, pipeline: FacePipeline) -> Probe | str:
    """The face, or the code why there is none. Raises ImageError for a file that is no picture.

    What the browser says of the frames counts for nothing: everything is measured here again.
    """
    actions = [Action(action) for action in attempt.session.challenge]
    if not actions:
        return _single(attempt.frames[0], pipeline)
    frames = pipeline.frames(attempt.frames, eyes=Action.BLINK in actions)
    first = frames[0]
    if first is None:
        return "no_face"
    if first.reasons:
        return str(first.reasons[0])
    fmr = settings.FACE_TARGET_FMR
    verdict = judge(
        frames,
        actions,
        same_person=pipeline.same_person,
        same_head=partial(pipeline.same_person, fmr=policy.turned_fmr(fmr)),
        same_face=partial(pipeline.same_person, fmr=fmr),
    )
    best = max(verdict.neutral, key=lambda frame: frame.score, default=first)
    return Probe(best.embedding, attempt.liveness or str(verdict.code or ""), verdict.turned)


def attack_probability_of(attempt: Attempt, pipeline: FacePipeline) -> float | None:
    """What the first picture looks like, for staff to read where something was to be opened; it decides nothing."""
    if not settings.PASSIVE_CHECK or attempt.session.purpose == VerificationSession.Purpose.VERIFY:
        return None
    return pipeline.attack_probability(attempt.frames[0])


def _single(picture: bytes, pipeline: FacePipeline) -> Probe | str:
    extraction = pipeline.extract(picture, gate=VERIFICATION_GATE, quick=True)
    if not extraction.accepted or extraction.embedding is None:
        return str(extraction.reasons[0])
    return Probe(extraction.embedding)
