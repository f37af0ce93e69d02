"""Error rates of groups of people, as far as the data tell groups apart.

Neither set says anybody's age, sex or origin, so none of these can be measured. What is known is the collection that a
person of an aligned folder comes from: people of one share the start of their names (`f0001`, `f0002` against `0001`),
and collections differ in whom they show and how.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ml.errors import DatasetError
from ml.evaluation.calibration import Progress, embed_aligned, split_subjects
from ml.evaluation.fixed_threshold import Trials
from ml.serving.artifacts import Artifact
from ml.serving.embedder import Embedder
from ml.siamese.rules import TEMPLATE_MEAN, decision_rule
from ml.types import Floats


def source_rows(
    artifact: Artifact, embedder: Embedder, data: Path, *, anchors: int = 1, progress: Progress = iter
) -> list[dict[str, Any]]:
    """Measure the people of each collection among themselves, at the shipped threshold of the template mean.

    Only the second half of `split_subjects` is taken: the shipped model's thresholds were set on people of the first.
    Of these, those of even number with more than `anchors` pictures are enrolled and those of odd number are strangers.
    For a network that learned from this folder the rows mean nothing.

    Args:
        artifact: Under test.
        embedder: Its network.
        data: Folder of aligned faces, as `embed_aligned` reads it.
        anchors: How many of a person's pictures are enrolled; one by default, as many people have few.
        progress: Wraps the pictures of each collection.

    Returns:
        Rows as those of `ml.evaluation.conditions`, without the gate, which needs the whole picture.

    Raises:
        CalibrationError: `no_threshold`.
        DatasetError: `dataset_missing`.
    """
    threshold = artifact.calibration.threshold(anchors=anchors)
    if not data.is_dir():
        raise DatasetError("dataset_missing", f"expected a folder of people {data}, found none")
    names = split_subjects([folder.name for folder in data.iterdir() if folder.is_dir()])[1]
    sources: dict[str, list[str]] = {}
    for name in names:
        sources.setdefault(name.rstrip("0123456789"), []).append(name)
    rows = []
    for source, people in sorted(sources.items()):
        faces = embed_aligned(embedder, data, people, progress=progress)
        pictures = np.split(faces.embeddings, np.flatnonzero(np.diff(faces.subjects)) + 1)
        enrolled = [person for person in pictures[::2] if len(person) > anchors]
        strangers = pictures[1::2]
        rates = _trials(artifact, enrolled, strangers, anchors).rates(threshold)
        name = f"names {source}0..." if source else "names of digits"
        name += f", anchors: {anchors}"
        rows.append({"kind": "collection", "name": name, "pictures": len(faces.subjects), "open": rates})
    return rows


def _trials(artifact: Artifact, enrolled: list[Floats], strangers: list[Floats], anchors: int) -> Trials:
    rule = decision_rule(TEMPLATE_MEAN, artifact.comparator)
    if not enrolled or not strangers:
        nobody = np.empty(0, np.int64)
        return Trials(np.empty(0, np.float32), nobody, np.empty((0, 0), np.float32), nobody)
    tried = np.concatenate(strangers)
    return Trials(
        mated=np.concatenate([rule.scores(person[:anchors], person[anchors:]) for person in enrolled]),
        owners=np.repeat(np.arange(len(enrolled)), [len(person) - anchors for person in enrolled]),
        non_mated=np.stack([rule.scores(person[:anchors], tried) for person in enrolled]),
        strangers=np.repeat(np.arange(len(strangers)), [len(person) for person in strangers]),
    )
