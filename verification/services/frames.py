"""Taking in the frames of a session: how many, how large, and none that was there before."""

from datetime import datetime, timedelta
from io import BytesIO

from django.core.files import File
from django.db import IntegrityError, transaction
from PIL import Image

from enrollment.crypto import keyed_digest
from enrollment.services import image_read
from enrollment.services.uploads import FORMATS
from verification.challenge import (
    MAX_FRAME_SIDE_PX,
    MAX_FRAMES,
    MIN_FRAMES,
    SECONDS_PER_ACTION,
    LivenessFault,
)
from verification.errors import FramesRefused
from verification.models import SeenFrame, VerificationSession


def frames_read(session: VerificationSession, files: "list[File[bytes]]") -> list[bytes]:
    """The files' bytes: one picture, or the frames that the challenge needs. Raises ImageRefused or FramesRefused."""
    least, most = (MIN_FRAMES, MAX_FRAMES) if session.challenge else (1, 1)
    if not least <= len(files) <= most:
        raise FramesRefused(f"Expected at least {least} and at most {most} pictures, got {len(files)}.")
    frames = [image_read(file) for file in files]
    if session.challenge and any(_side_px(frame) > MAX_FRAME_SIDE_PX for frame in frames):
        raise FramesRefused(f"The frames of a challenge have at most {MAX_FRAME_SIDE_PX} pixels a side.")
    return frames


def _side_px(frame: bytes) -> int:
    with Image.open(BytesIO(frame), formats=FORMATS) as image:
        return max(image.size)


def frames_fault(session: VerificationSession, frames: list[bytes], at: datetime) -> str:
    """What already speaks against the frames; empty if nothing does. Remembers them, so that they come only once."""
    if not session.challenge:
        return ""
    seen = [SeenFrame(digest=keyed_digest(frame, context="frame")) for frame in frames]
    try:
        with transaction.atomic():
            SeenFrame.objects.bulk_create(seen)
    except IntegrityError:
        SeenFrame.objects.bulk_create(
            seen, ignore_conflicts=True
        )  # the new ones beside it are known now, too
        return LivenessFault.REPLAYED
    if at - session.created_at < timedelta(seconds=SECONDS_PER_ACTION * len(session.challenge)):
        return LivenessFault.TOO_FAST
    return ""
