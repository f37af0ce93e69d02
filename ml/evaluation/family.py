"""The networks of the family side by side: the same pictures, the same protocols, one column each."""

import json
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import ml.siamese.layers  # noqa: F401  registers what saved networks are made of
from ml.errors import DatasetError
from ml.evaluation.metrics import ErrorCurve
from ml.evaluation.protocols import Embeddings, Progress, lfw, templates
from ml.serving.artifacts import KERAS_FILE, LITE_FILE, MANIFEST, Artifact
from ml.serving.pipeline import FacePipeline
from ml.types import Picture

START, END = "<!-- networks:start -->", "<!-- networks:end -->"
ANCHORS = 3
_TIMED = 60
_LINE = 120
_INTRODUCTION = """`{command}` writes this table. Labeled Faces in the Wild, on which nothing was trained, chosen or
calibrated, without the quality gate: {pairs:,} pairs of {subjects:,} people in ten folds, and templates of {anchors}
anchors of {enrolled:,} people with {mated:,} mated and {non_mated:,} non-mated comparisons. In brackets the 95 %
interval by drawing people with replacement. Milliseconds are of the network alone, one thread, aligned face to
embedding."""


@dataclass(frozen=True, slots=True)
class NetworkFigures:
    """What one network is and does.

    Attributes:
        artifact: The network.
        loss: What it was trained by.
        parameters: How many numbers it learned.
        file_bytes: Size of the form that is served.
        face_ms: Median milliseconds to embed one face, on one thread.
        lfw: Figures of the protocol `lfw`.
        templates: Figures of the protocol `templates`.
        curve: Errors over the pairs.
    """

    artifact: Artifact
    loss: str
    parameters: int
    file_bytes: int
    face_ms: float
    lfw: Mapping[str, Any]
    templates: Mapping[str, Any]
    curve: ErrorCurve


def measure(
    directory: Path, data: Path, *, crops: dict[Path, Picture | None], progress: Progress = iter
) -> NetworkFigures:
    """Put one network to the test.

    Args:
        directory: Its artifact.
        data: LFW's folder.
        crops: Aligned faces known already; those found here are added, so that the next network need not seek them.
        progress: Wraps the pictures.

    Raises:
        ArtifactError: If the artifact is missing, altered or incompatible.
        DatasetError: See the protocols.
    """
    pipeline = FacePipeline.load(directory, threads=1)
    artifact = pipeline.artifact
    faces = Embeddings(pipeline, data, crops=crops, progress=progress)
    pairs = lfw(faces)
    network = keras.saving.load_model(directory / KERAS_FILE, compile=False, safe_mode=True)
    return NetworkFigures(
        artifact=artifact,
        loss=_loss(directory),
        parameters=network.count_params(),
        file_bytes=len(artifact.read(LITE_FILE)),
        face_ms=_face_ms(pipeline, [crop for crop in crops.values() if crop is not None][:_TIMED]),
        lfw=pairs.figures,
        templates=templates(faces, anchors=ANCHORS).figures,
        curve=pairs.curve,
    )


def markdown(networks: Sequence[NetworkFigures], *, command: str) -> str:
    """Return the table, one column a network, with what it rests on.

    Args:
        networks: At least one, measured on the same data.
        command: Writes the table again.
    """
    first = networks[0]
    introduction = _INTRODUCTION.format(
        command=command,
        pairs=first.lfw["pairs"],
        subjects=first.lfw["subjects"],
        anchors=ANCHORS,
        enrolled=first.templates["subjects"],
        mated=first.templates["mated"],
        non_mated=first.templates["non_mated"],
    )
    columns = [_column(network) for network in networks]
    lines = [["", *(f"`{network.artifact.name}`" for network in networks)], ["---"] * (1 + len(networks))]
    lines += [[name, *(column[name] for column in columns)] for name in columns[0]]
    return (
        textwrap.fill(introduction, _LINE)
        + "\n\n"
        + "\n".join("| " + " | ".join(line) + " |" for line in lines)
    )


def replace_block(page: str, block: str) -> str:
    """Return a page with what stands between `START` and `END` replaced.

    Raises:
        DatasetError: `dataset_unreadable` if the page has not each mark once, in this order.
    """
    head, start, rest = page.partition(START)
    _, end, tail = rest.partition(END)
    if not start or not end or START in rest or END in tail:
        raise DatasetError("dataset_unreadable", f"expected one {START} and after it one {END} in the page")
    return f"{head}{START}\n\n{block}\n\n{END}{tail}"


def _column(network: NetworkFigures) -> dict[str, str]:
    artifact, pairs, three = network.artifact, network.lfw, network.templates
    column = {
        "Network": f"`{artifact.network}`",
        "Input": " x ".join(str(side) for side in artifact.input_spec.shape),
        "Embedding": f"{artifact.embedding_size} numbers"
        + (", mean with the mirror image" if artifact.mirrored else ""),
        "Comparator": artifact.comparator.name,
        "Loss": network.loss,
        "Parameters of the twin": f"{network.parameters:,}",
        "File that is served": f"{network.file_bytes / 1e6:.1f} MB",
        "Time a face": f"{network.face_ms:.1f} ms",
        "Ten folds: accuracy": f"{pairs['accuracy']:.2%} ± {pairs['deviation']:.2%}",
    }
    for fmr, tar in pairs["tar_at_fmr"].items():
        column[f"TAR at FMR {fmr}"] = _share(tar, pairs["tar_at_fmr_interval"][fmr])
    column["EER"] = _share(pairs["eer"], pairs["eer_interval"])
    for fmr, fnmr in three["fnmr_at_fmr"].items():
        column[f"Templates: FNMR at FMR {fmr}"] = _share(fnmr, three["fnmr_at_fmr_interval"][fmr])
    return column


def _share(value: float, interval: Sequence[float]) -> str:
    low, high = (f"{100 * end:.2f}" for end in interval)
    return f"{value:.2%} ({low} to {high})"


def _loss(directory: Path) -> str:
    """The loss that the training wrote down; nothing for weights that came from elsewhere."""
    for name in (MANIFEST, "report.json"):
        path = directory / name
        content = json.loads(path.read_text()) if path.is_file() else {}
        loss = content.get("loss") or content.get("training", {}).get("loss")
        if loss:
            return str(loss).replace("_", " ")
    return "as published"


def _face_ms(pipeline: FacePipeline, crops: Sequence[Picture]) -> float:
    times = []
    for crop in crops:
        start = time.perf_counter()
        pipeline.embedder.embed(crop)
        times.append(1e3 * (time.perf_counter() - start))
    return float(np.median(times))
