"""How a pipeline is put to the test on Labeled Faces in the Wild (Huang et al., 2007), or a folder laid out like it.

    DIR/images/<Name>/<Name>_0001.jpg
    DIR/pairs.txt                       the official view-2 list, for the protocol `lfw`

Both protocols take the face nearest each picture's centre and use no quality gate. A picture without a face is a
failure to extract: it counts in the FTE, and every comparison with it is a non-match.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.errors import DatasetError
from ml.evaluation.metrics import Comparisons, ErrorCurve, bootstrap, error_curve, ten_fold_accuracy
from ml.faces.detection.base import nearest_centre
from ml.faces.quality import OPEN_GATE
from ml.serving.pipeline import FacePipeline
from ml.siamese.rules import TEMPLATE_MEAN, cosine_scores
from ml.types import Floats

Progress = Callable[[Sequence[Path]], Iterable[Path]]
_FAILED = -1.0
_PAIR_FMRS = (1e-2, 1e-3)
_TEMPLATE_FMRS = (1e-3, 1e-4)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of the official list, relative to `images`, and whether they show one person."""

    left: Path
    right: Path
    mated: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a protocol found.

    Attributes:
        figures: Plain numbers, ready for JSON.
        curve: Both error rates over all thresholds.
    """

    figures: dict[str, Any]
    curve: ErrorCurve


class Embeddings:
    """Embeds the central face of pictures of a folder, each once, so that several protocols share the work."""

    def __init__(self, pipeline: FacePipeline, data: Path, *, progress: Progress = iter) -> None:
        """Prepare.

        Args:
            pipeline: Under test.
            data: Folder with `images`.
            progress: Wraps the list of pictures to embed, to show how far it is.
        """
        self.pipeline = pipeline
        self.data = data
        self._progress = progress
        self._known: dict[Path, Floats | None] = {}

    def of(self, names: Sequence[Path]) -> dict[Path, Floats | None]:
        """Return the embedding of each picture, named relative to `images`; None where there is no face.

        Raises:
            DatasetError: `dataset_missing` if a picture is not there.
        """
        for name in self._progress([name for name in names if name not in self._known]):
            path = self.data / "images" / name
            if not path.is_file():
                raise DatasetError("dataset_missing", f"expected the picture {path}, found none")
            data = path.read_bytes()
            found = self.pipeline.extract(data, gate=OPEN_GATE, selection=nearest_centre)
            self._known[name] = found.embedding
        return {name: self._known[name] for name in names}


def lfw(faces: Embeddings) -> Evaluation:
    """Run the official ten-fold protocol: 6,000 pairs, the threshold of each fold set on the other nine.

    Args:
        faces: The pipeline under test on a folder with `images` and `pairs.txt`.

    Raises:
        DatasetError: `dataset_missing`.
    """
    pairs = read_pairs(faces.data / "pairs.txt")
    names = sorted({pair.left for pair in pairs} | {pair.right for pair in pairs})
    embeddings = faces.of(names)
    similarity = np.array([_similarity(embeddings[pair.left], embeddings[pair.right]) for pair in pairs])
    mated = np.array([pair.mated for pair in pairs])
    people = {name: number for number, name in enumerate(sorted({path.parts[0] for path in names}))}
    subjects = [(people[pair.left.parts[0]], people[pair.right.parts[0]]) for pair in pairs]
    accuracy, deviation = ten_fold_accuracy(similarity, mated)
    comparisons = Comparisons.of(similarity, mated, subjects)
    curve = error_curve(comparisons)
    tar = {f"{fmr:g}": 1 - curve.fnmr_at_fmr(fmr) for fmr in _PAIR_FMRS}
    measures = {f"{fmr:g}": _tar_at(fmr) for fmr in _PAIR_FMRS} | {"eer": lambda drawn: drawn.eer}
    intervals = bootstrap(comparisons, measures)
    figures = {
        "protocol": "lfw",
        "accuracy": accuracy,
        "deviation": deviation,
        "tar_at_fmr": tar,
        "tar_at_fmr_interval": {key: intervals[key] for key in tar},
        "eer": curve.eer,
        "eer_interval": intervals["eer"],
        "fte": _fte(embeddings),
        "subjects": len(people),
        "pairs": len(pairs),
        "images": len(names),
    }
    return Evaluation(figures=figures, curve=curve)


def templates(faces: Embeddings, *, anchors: int = 3, rule: str = TEMPLATE_MEAN) -> Evaluation:
    """Compare anchors with probes, as the site does.

    Of everyone with more than `anchors` pictures the first ones are the anchors and the others are mated probes;
    the first picture of everybody else is a non-mated probe.

    Args:
        faces: The pipeline under test on a folder with `images`.
        anchors: How many.
        rule: How they decide, a name of `ml.siamese.rules`.

    Raises:
        CalibrationError: If the model has no threshold for so many anchors.
        DatasetError: `dataset_missing` or `dataset_too_small`.
    """
    shipped = faces.pipeline.artifact.calibration.threshold(anchors=anchors, rule=rule)
    people = _people(faces.data / "images")
    names = [name for person in people for name in person]
    embeddings = faces.of(names)
    comparisons = _template_comparisons(people, embeddings, anchors, rule)
    curve = error_curve(comparisons)
    measures = {f"{fmr:g}": _fnmr_at(fmr) for fmr in _TEMPLATE_FMRS}
    fmr_shipped, fnmr_shipped = curve.at_threshold(shipped)
    figures = {
        "protocol": "templates",
        "rule": rule,
        "anchors": anchors,
        "fnmr_at_fmr": {f"{fmr:g}": curve.fnmr_at_fmr(fmr) for fmr in _TEMPLATE_FMRS},
        "fnmr_at_fmr_interval": bootstrap(comparisons, measures),
        "threshold_at_fmr": {f"{fmr:g}": curve.threshold_at_fmr(fmr) for fmr in _TEMPLATE_FMRS},
        "shipped_threshold": {"threshold": shipped, "fmr": fmr_shipped, "fnmr": fnmr_shipped},
        "eer": curve.eer,
        "fte": _fte(embeddings),
        "subjects": sum(len(person) > anchors for person in people),
        "mated": int(comparisons.mated.sum()),
        "non_mated": int((~comparisons.mated).sum()),
        "images": len(names),
    }
    return Evaluation(figures=figures, curve=curve)


def read_pairs(path: Path) -> list[Pair]:
    """Read the official list: `name i j` is a mated pair, `name i other j` a non-mated one.

    Raises:
        DatasetError: `dataset_missing`, or `dataset_too_small` if they make no ten equal folds.
    """
    if not path.is_file():
        raise DatasetError("dataset_missing", f"expected the list of pairs {path}, found none")
    pairs = []
    for line in path.read_text().splitlines()[1:]:
        match line.split():
            case [name, i, j]:
                pairs.append(Pair(_picture(name, i), _picture(name, j), mated=True))
            case [name, i, other, j]:
                pairs.append(Pair(_picture(name, i), _picture(other, j), mated=False))
    if not pairs or len(pairs) % 10:
        raise DatasetError(
            "dataset_too_small", f"expected pairs for ten equal folds in {path}, found {len(pairs)}"
        )
    return pairs


def _picture(name: str, number: str) -> Path:
    return Path(name) / f"{name}_{int(number):04d}.jpg"


def _people(root: Path) -> list[list[Path]]:
    """Each person's pictures in order, relative to the folder."""
    if not root.is_dir():
        raise DatasetError("dataset_missing", f"expected a folder of people {root}, found none")
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir())
    people = [sorted(path.relative_to(root) for path in folder.glob("*.jpg")) for folder in folders]
    return [pictures for pictures in people if pictures]


def _template_comparisons(
    people: list[list[Path]], embeddings: dict[Path, Floats | None], anchors: int, rule: str
) -> Comparisons:
    firsts = [embeddings[person[0]] for person in people]
    rows, mated, subjects = [], [], []
    everyone = np.arange(len(people))
    for number, person in enumerate(people):
        found = [embedding for name in person[:anchors] if (embedding := embeddings[name]) is not None]
        if len(person) <= anchors or not found:
            continue
        own = [embeddings[name] for name in person[anchors:]]
        others = firsts[:number] + firsts[number + 1 :]
        rows.append(_scores(rule, np.stack(found), own + others))
        mated.append(np.arange(len(rows[-1])) < len(own))
        probes = np.concatenate([np.full(len(own), number), np.delete(everyone, number)])
        subjects.append(np.column_stack([np.full(len(probes), number), probes]))
    if not rows:
        raise DatasetError(
            "dataset_too_small", f"expected people with more than {anchors} pictures, found none"
        )
    return Comparisons.of(np.concatenate(rows), np.concatenate(mated), np.concatenate(subjects))


def _scores(rule: str, anchors: Floats, probes: Sequence[Floats | None]) -> Floats:
    missing = np.array([probe is None for probe in probes])
    present = np.stack([np.zeros_like(anchors[0]) if probe is None else probe for probe in probes])
    scores = cosine_scores(rule, anchors, present)
    scores[missing] = _FAILED
    return scores


def _similarity(left: Floats | None, right: Floats | None) -> float:
    return _FAILED if left is None or right is None else float(left @ right)


def _fte(embeddings: dict[Path, Floats | None]) -> float:
    return sum(embedding is None for embedding in embeddings.values()) / len(embeddings)


def _tar_at(fmr: float) -> Callable[[ErrorCurve], float]:
    return lambda curve: 1 - curve.fnmr_at_fmr(fmr)


def _fnmr_at(fmr: float) -> Callable[[ErrorCurve], float]:
    return lambda curve: curve.fnmr_at_fmr(fmr)
