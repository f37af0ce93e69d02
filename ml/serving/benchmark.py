"""Where the pipeline's time goes, step by step, one process, warm."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ml.faces import alignment, images
from ml.faces.detection.base import foremost
from ml.faces.quality import OPEN_GATE
from ml.serving.pipeline import FacePipeline

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def step_times(pipeline: FacePipeline, files: Sequence[bytes]) -> dict[str, float]:
    """Return the mean milliseconds of each step of a verification for each picture, and of the whole extraction.

    Args:
        pipeline: Under test; it is run once before the clock starts.
        files: Encoded pictures; those without a face count for the steps before.
    """
    pipeline.extract(files[0], gate=OPEN_GATE, quick=True)
    times: dict[str, float] = {}

    def timed(name: str, step: Callable[[_In], _Out], inputs: Sequence[_In]) -> list[_Out]:
        start = time.perf_counter()
        outputs = [step(value) for value in inputs]
        times[name] = 1e3 * (time.perf_counter() - start) / max(1, len(inputs))
        return outputs

    timed("total_ms", lambda data: pipeline.extract(data, gate=OPEN_GATE, quick=True), files)
    pictures = timed("decode_ms", images.decode, files)
    found = timed("detect_ms", pipeline.quick_detector.detect, pictures)
    chosen = [(rgb, foremost(faces, rgb)) for rgb, faces in zip(pictures, found, strict=True) if faces]
    meshes = timed("landmarks_ms", lambda pair: pipeline.mesh_network.locate(*pair), chosen)
    aligned = [(rgb, mesh) for (rgb, _), mesh in zip(chosen, meshes, strict=True) if mesh.is_face]
    crops = timed("align_ms", lambda pair: alignment.align(*pair)[0], aligned)
    timed("embed_ms", pipeline.embedder.embed, crops)
    return times
