"""How slow this machine is just now: limits that were set on two idle cores stretch with it.

The figures themselves are for commands to measure; a test must not fail because somebody else uses the machine.
"""

import time
from pathlib import Path
from statistics import median

from django.conf import settings

from ml.serving.pipeline import FacePipeline
from tests.faces import jpeg, portrait

# One frame of a challenge on two idle cores, one thread; `evaluate_liveness --time --threads 1` measures it.
IDLE_SECONDS = 0.013
ROUNDS = 15


def slowness() -> float:
    """How many times longer a frame takes than on two idle cores; at least 1."""
    pipeline, picture = FacePipeline.load(Path(settings.FACE_MODEL), threads=1), jpeg(portrait())
    return max(1.0, median(_seconds(pipeline, picture) for _ in range(ROUNDS)) / IDLE_SECONDS)


def _seconds(pipeline: FacePipeline, picture: bytes) -> float:
    begin = time.perf_counter()
    pipeline.frame(picture)
    return time.perf_counter() - begin
