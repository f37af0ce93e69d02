"""What comparisons and identifications have in common for the worker: looking at a picture, recording, sweeping."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from enrollment.bell import ring_on_commit
from enrollment.errors import DomainError
from enrollment.models.model_version import bulk_of
from ml.errors import ImageError, MLError
from ml.faces.quality import VERIFICATION_GATE
from ml.serving.pipeline import FacePipeline
from ml.types import Extraction
from verification import policy
from verification.models import Comparison, Identification, Inquiry
from verification.models.inquiry import reason
from verification.selectors import AnyInquiry

logger = logging.getLogger(__name__)

Answer = dict[str, Any]
Reasons = list[dict[str, str]]

COMPARISON_KEPT = timedelta(minutes=15)


def inquiry_decide(
    model: type[AnyInquiry], inquiry_id: str, look: Callable[[AnyInquiry], Answer | Reasons]
) -> None:
    """Answers one pending inquiry. Does nothing when it is gone or answered: a message may come twice."""
    rows = model._default_manager.select_related("model_version").defer(*bulk_of("model_version"))
    inquiry = rows.filter(pk=inquiry_id, state=Inquiry.State.PENDING).first()
    if inquiry is None:
        return
    try:
        outcome = look(inquiry)
    except (DomainError, MLError) as error:
        logger.error("%s could not be answered: %s", model._meta.model_name, error.code)
        outcome = [reason("service_unavailable")]
    _record(inquiry, outcome)


@transaction.atomic
def _record(inquiry: Inquiry, outcome: Answer | Reasons) -> None:
    rows = type(inquiry)._default_manager.select_for_update()
    current = rows.filter(pk=inquiry.pk, state=Inquiry.State.PENDING).first()
    if current is None:
        return
    current.decide(outcome) if isinstance(outcome, dict) else current.void(outcome)
    current.save()
    ring_on_commit(current.pk)


def face_in(picture: bytes, pipeline: FacePipeline) -> Extraction | list[str]:
    """The face of a picture, or the codes why it cannot be compared."""
    try:
        extraction = pipeline.extract(picture, gate=VERIFICATION_GATE, quick=True)
    except ImageError as error:
        return [error.code]
    return extraction if extraction.accepted else [str(code) for code in extraction.reasons]


def box_json(extraction: Extraction) -> dict[str, float]:
    """Where the face is, in pixels of the upright picture."""
    box = asdict(extraction.box) if extraction.box else {}
    return {name: round(value, 3) for name, value in box.items()}


def inquiries_sweep() -> None:
    """Erases comparisons some time after their answer, and voids inquiries that nobody came back for."""
    now = timezone.now()
    Comparison.objects.filter(decided_at__lt=now - COMPARISON_KEPT).delete()
    for model in (Comparison, Identification):
        overdue = model._default_manager.filter(
            state=Inquiry.State.PENDING, created_at__lt=now - policy.ANSWER_WITHIN
        )
        for inquiry in overdue.defer("sealed_pictures")[:500]:
            _record(inquiry, [reason("service_unavailable")])
