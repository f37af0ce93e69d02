"""Sending pictures to recognise somebody by, and waiting for what becomes of each."""

from collections.abc import Sequence
from typing import Any

from faceverify_client.answers import Enrollment
from faceverify_client.parsing import build
from faceverify_client.pictures import Picture, parts
from faceverify_client.transport import Transport, address


def enroll(transport: Transport, path: str, images: Sequence[Picture], *, counted_at: str) -> Enrollment:
    """What became of the pictures sent to `path`; the person's anchors are counted at another. Raises Unfinished."""
    answer = transport.post(path, files=parts("image", *images))
    if any(map(_is_open, answer["samples"])):
        samples = [
            only(transport.finished(told, f"{path}/{address(told['id'])}", _is_open))
            for told in answer["samples"]
        ]
        answer = {"samples": samples, "anchors": transport.get(counted_at)["anchors"]}
    return build(Enrollment, answer)


def only(answer: Any) -> Any:
    """The one sample of an answer: a person's own comes in a list, a subject's without."""
    return answer["samples"][0] if "samples" in answer else answer


def _is_open(answer: Any) -> bool:
    return bool(only(answer)["state"] == "pending")
