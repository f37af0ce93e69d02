"""A clip of a real person as the film of a camera."""

from itertools import count, cycle, islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.faces import SHARED

CLIP = SHARED / "liveness" / "videos" / "bona_fide" / "krzysiek_turns_and_up.mp4"
needs_clip = pytest.mark.skipif(not CLIP.exists(), reason="needs the clips in ../shared/data/liveness")
BLINKS = CLIP.with_name("blinks_close_up.mp4")
needs_blinks = pytest.mark.skipif(not BLINKS.exists(), reason="needs the clips in ../shared/data/liveness")
# Seconds of the clip: ahead, to the left, to the right, up, back again. The pauses between are left out.
CHALLENGE = ((0, 0.75), (2.15, 2.95), (3.05, 3.95), (4.0, 5.5))
# Ahead, a little to the left, a little to the right.
POSES = ((0.8, 1.4), (6.96, 7.3), (3.9, 3.95))
BLUR_PX = 7.0


def clip(*spans: tuple[float, float]) -> list[bytes]:
    """The clip's frames within these spans, as JPEG files."""
    capture = cv2.VideoCapture(str(CLIP))
    rate = capture.get(cv2.CAP_PROP_FPS)
    frames: list[bytes] = []
    for number in count():
        there, frame = capture.read()
        if not there:
            return frames
        if any(start <= number / rate < end for start, end in spans):
            frames.append(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    raise AssertionError("a clip ends")


def film_of(path: Path, *, step: int = 1, side_px: int = 640) -> list[bytes]:
    """Every so many of a clip's frames, shrunk to this long side in the middle of a wider picture, as JPEG files."""
    capture, frames = cv2.VideoCapture(str(path)), []
    for number in count():
        there, frame = capture.read()
        if not there:
            break
        if number % step == 0:
            scale = side_px / max(frame.shape[:2])
            small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            edge = side_px // 3
            wide = cv2.copyMakeBorder(small, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
            frames.append(cv2.imencode(".jpg", wide, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    return frames


def lingering(spans: tuple[tuple[float, float], ...], *, frames: int = 40) -> list[bytes]:
    """Each of these moments for so many frames: people do hold still when asked to."""
    return [frame for span in spans for frame in islice(cycle(clip(span)), frames)]


def blurred(frames: list[bytes]) -> list[bytes]:
    """As through a lens that wants wiping: refused as an anchor."""
    return [
        cv2.imencode(".jpg", cv2.GaussianBlur(_pixels(frame), (0, 0), BLUR_PX))[1].tobytes()
        for frame in frames
    ]


def filmed(frames: list[bytes], *, times: int = 4) -> list[bytes]:
    """The frames in a loop, with a camera's noise: no two pictures of a camera are the same."""
    noise, film = np.random.default_rng(), []
    for _ in range(times):
        for frame in frames:
            picture = _pixels(frame).astype(np.float32)
            noisy = np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
            film.append(cv2.imencode(".jpg", noisy)[1].tobytes())
    return film


def _pixels(frame: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR), np.uint8)
