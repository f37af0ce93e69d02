"""What pictures of people with an account and of those without have in common."""

from collections.abc import Callable
from typing import Any

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.serializers import ImagesSerializer, SampleSerializer, anchors_json
from enrollment.api.waiting import wait_seconds
from enrollment.errors import DomainError, ImageRefused, TooManyAnchors
from enrollment.models import Sample, Subject
from enrollment.selectors import anchor_status
from enrollment.services import samples_wait

Outcome = Sample | DomainError


def images_of(request: Request) -> list[Any]:
    """The files that a request brings. Raises ValidationError."""
    form = ImagesSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    files: list[Any] = form.validated_data["image"]
    return files


def outcomes_of(files: list[Any], submit: Callable[[Any], Sample]) -> list[Outcome]:
    """What became of each file. Why a single one is refused is raised; among several it is told of each."""
    outcomes: list[Outcome] = []
    for file in files:
        try:
            outcomes.append(submit(file))
        except (ImageRefused, TooManyAnchors) as error:
            if len(files) == 1:
                raise
            outcomes.append(error)
    return outcomes


def samples_answer(request: Request, subject: Subject | None, outcomes: list[Outcome]) -> Response:
    """202 while the worker is to look at any of them, else 200; `Prefer: wait` holds it up."""
    taken = [outcome for outcome in outcomes if isinstance(outcome, Sample)]
    decided = {sample.pk: sample for sample in samples_wait(taken, seconds=wait_seconds(request))}
    body = {
        "samples": [
            SampleSerializer(decided.get(outcome.pk, outcome)).data
            if isinstance(outcome, Sample)
            else _refusal(outcome)
            for outcome in outcomes
        ],
        "anchors": anchors_json(anchor_status(subject)),
    }
    pending = any(sample.state == Sample.State.PENDING for sample in decided.values())
    return Response(body, status=status.HTTP_202_ACCEPTED if pending else status.HTTP_200_OK)


def _refusal(error: DomainError) -> dict[str, Any]:
    nothing = dict.fromkeys(SampleSerializer.Meta.fields)
    reasons = [{"code": error.code, "message": error.detail}]
    return nothing | {"state": Sample.State.REJECTED.value, "reasons": reasons}
