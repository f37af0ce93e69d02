"""How a pipeline is put to the test on Labeled Faces in the Wild (Huang et al., 2007), or a folder laid out like it.

    DIR/images/<Name>/<Name>_0001.jpg
    DIR/pairs.txt                       the official view-2 list, for the protocol `lfw`

Both protocols take the face nearest each picture's centre and use no quality gate. A picture without a face is a
failure to extract: it counts in the FTE, and every comparison with it is a non-match.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any

import numpy as np

from ml.errors import CalibrationError, DatasetError, ImageError
from ml.evaluation.metrics import Comparisons, ErrorCurve, bootstrap, error_curve, ten_fold_accuracy
from ml.faces.detection.base import nearest_centre
from ml.faces.quality import OPEN_GATE
from ml.serving.artifacts import Artifact
from ml.serving.calibration import Calibration
from ml.serving.pipeline import FacePipeline
from ml.siamese.comparators import Comparator
from ml.siamese.rules import TEMPLATE_MEAN, decision_rule
from ml.types import Floats, Picture

Progress = Callable[[Sequence[Path]], Iterable[Path]]
# Score of a picture without a face: below every comparator's, and finite, so that thresholds can be averaged.
FAILED = -1e9
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
        comparisons: The scores behind them.
    """

    figures: dict[str, Any]
    curve: ErrorCurve
    comparisons: Comparisons

    def named(self, artifact: Artifact) -> dict[str, Any]:
        """Return the figures with the model that they belong to."""
        return {"model": artifact.name, "digest": artifact.digest, **self.figures}


class Embeddings:
    """Embeds the central face of pictures of a folder, each once, so that several protocols share the work."""

    def __init__(
        self,
        pipeline: FacePipeline,
        data: Path,
        *,
        images: str = "images",
        progress: Progress = iter,
        crops: dict[Path, Picture | None] | None = None,
    ) -> None:
        """Prepare.

        Args:
            pipeline: Under test.
            data: Folder of the set.
            images: Folder in it with the pictures.
            progress: Wraps the list of pictures to embed, to show how far it is.
            crops: Aligned faces that are known already, for other networks on the same pictures; what is found here
                is added.
        """
        self.pipeline = pipeline
        self.data = data
        self._root = data / images
        self._progress = progress
        self._crops = crops
        self._known: dict[Path, Floats | None] = {}

    def of(self, names: Sequence[Path]) -> dict[Path, Floats | None]:
        """Return the embedding of each picture, named relative to the folder of pictures; None where there is no face.

        Raises:
            DatasetError: `dataset_missing` if a picture is not there, `dataset_unreadable` if it is none.
        """
        for name in self._progress([name for name in names if name not in self._known]):
            self._known[name] = self._embed(name)
        return {name: self._known[name] for name in names}

    def _embed(self, name: Path) -> Floats | None:
        if self._crops is not None and name in self._crops:
            crop = self._crops[name]
            return None if crop is None else self.pipeline.embedder.embed(crop)
        data = read_picture(self._root / name)
        try:
            found = self.pipeline.extract(data, gate=OPEN_GATE, selection=nearest_centre)
        except ImageError as error:
            raise DatasetError("dataset_unreadable", f"{self._root / name}: {error}") from error
        if self._crops is not None:
            self._crops[name] = found.crop
        return found.embedding


def read_picture(path: Path) -> bytes:
    """Return a picture's file.

    Raises:
        DatasetError: `dataset_missing`.
    """
    if not path.is_file():
        raise DatasetError("dataset_missing", f"expected the picture {path}, found none")
    return path.read_bytes()


def lfw(faces: Embeddings) -> Evaluation:
    """Run the official ten-fold protocol: 6,000 pairs, the threshold of each fold set on the other nine.

    Args:
        faces: The pipeline under test on a folder with `images` and `pairs.txt`.

    Raises:
        DatasetError: `dataset_missing`, `dataset_unreadable` or `dataset_too_small`.
    """
    pairs = read_pairs(faces.data / "pairs.txt")
    names = sorted({pair.left for pair in pairs} | {pair.right for pair in pairs})
    embeddings = faces.of(names)
    comparator = faces.pipeline.artifact.comparator
    similarity = similarities(comparator, embeddings, [(pair.left, pair.right) for pair in pairs])
    mated = np.array([pair.mated for pair in pairs])
    people = {name: number for number, name in enumerate(sorted({path.parts[0] for path in names}))}
    subjects = [(people[pair.left.parts[0]], people[pair.right.parts[0]]) for pair in pairs]
    accuracy, deviation = ten_fold_accuracy(similarity, mated)
    comparisons = Comparisons.of(similarity, mated, subjects)
    curve = error_curve(comparisons)
    tar = {f"{fmr:g}": curve.tar_at_fmr(fmr) for fmr in _PAIR_FMRS}
    measures = {f"{fmr:g}": methodcaller("tar_at_fmr", fmr) for fmr in _PAIR_FMRS}
    intervals = bootstrap(comparisons, measures | {"eer": attrgetter("eer")})
    figures = {
        "protocol": "lfw",
        "accuracy": accuracy,
        "deviation": deviation,
        "tar_at_fmr": tar,
        "tar_at_fmr_interval": {key: intervals[key] for key in tar},
        "eer": curve.eer,
        "eer_interval": intervals["eer"],
        "fte": fte(embeddings),
        "subjects": len(people),
        "pairs": len(pairs),
        "images": len(names),
    }
    return Evaluation(figures=figures, curve=curve, comparisons=comparisons)


def templates(faces: Embeddings, *, anchors: int = 3, rule: str = TEMPLATE_MEAN) -> Evaluation:
    """Compare anchors with probes, as the site does.

    Of everyone with more than `anchors` pictures the first ones are the anchors and the others are mated probes;
    the first picture of everybody else is a non-mated probe.

    Args:
        faces: The pipeline under test on a folder with `images`.
        anchors: How many.
        rule: How they decide, a name of `ml.siamese.rules`.

    Returns:
        The figures; `shipped_threshold` is None if the model has no threshold for this rule and so many anchors.

    Raises:
        DatasetError: `dataset_missing`, `dataset_unreadable` or `dataset_too_small`.
    """
    artifact = faces.pipeline.artifact
    people = people_of(faces.data / "images")
    names = [name for person in people for name in person]
    embeddings = faces.of(names)
    comparisons = _template_comparisons(people, embeddings, anchors, rule, artifact.comparator)
    curve = error_curve(comparisons)
    measures = {f"{fmr:g}": methodcaller("fnmr_at_fmr", fmr) for fmr in _TEMPLATE_FMRS}
    figures = {
        "protocol": "templates",
        "rule": rule,
        "anchors": anchors,
        "fnmr_at_fmr": {f"{fmr:g}": curve.fnmr_at_fmr(fmr) for fmr in _TEMPLATE_FMRS},
        "fnmr_at_fmr_interval": bootstrap(comparisons, measures),
        "threshold_at_fmr": {f"{fmr:g}": curve.threshold_at_fmr(fmr) for fmr in _TEMPLATE_FMRS},
        "shipped_threshold": _at_shipped(artifact.calibration, curve, anchors, rule),
        "eer": curve.eer,
        "fte": fte(embeddings),
        "subjects": sum(len(person) > anchors for person in people),
        "mated": int(comparisons.mated.sum()),
        "non_mated": int((~comparisons.mated).sum()),
        "images": len(names),
    }
    return Evaluation(figures=figures, curve=curve, comparisons=comparisons)


def read_pairs(path: Path) -> list[Pair]:
    """Read the official list: `name i j` is a mated pair, `name i other j` a non-mated one.

    Raises:
        DatasetError: `dataset_missing`, `dataset_unreadable`, or `dataset_too_small` if they make no ten equal folds.
    """
    if not path.is_file():
        raise DatasetError("dataset_missing", f"expected the list of pairs {path}, found none")
    pairs = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            match line.split():
                case [name, i, j]:
                    pairs.append(Pair(_picture(name, i), _picture(name, j), mated=True))
                case [name, i, other, j]:
                    pairs.append(Pair(_picture(name, i), _picture(other, j), mated=False))
    except ValueError as error:  # no text, or no number where one is due
        raise DatasetError("dataset_unreadable", f"expected names and numbers in {path}: {error}") from error
    if not pairs or len(pairs) % 10:
        raise DatasetError(
            "dataset_too_small", f"expected pairs for ten equal folds in {path}, found {len(pairs)}"
        )
    return pairs


def _picture(name: str, number: str) -> Path:
    return Path(name) / f"{name}_{int(number):04d}.jpg"


def people_of(root: Path) -> list[list[Path]]:
    """Return each person's pictures in order, relative to the folder.

    Raises:
        DatasetError: `dataset_missing`.
    """
    if not root.is_dir():
        raise DatasetError("dataset_missing", f"expected a folder of people {root}, found none")
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir())
    people = [sorted(path.relative_to(root) for path in folder.glob("*.jpg")) for folder in folders]
    return [pictures for pictures in people if pictures]


def similarities(
    comparator: Comparator, embeddings: Mapping[Path, Floats | None], pairs: Sequence[tuple[Path, Path]]
) -> Floats:
    """Return the similarity of each pair of pictures, float32 (n,); `FAILED` where one shows no face."""
    scores = np.full(len(pairs), FAILED, np.float32)
    found = [(row, embeddings[left], embeddings[right]) for row, (left, right) in enumerate(pairs)]
    known = [(row, left, right) for row, left, right in found if left is not None and right is not None]
    if known:
        rows, lefts, rights = zip(*known, strict=True)
        scores[list(rows)] = comparator.similarities(np.stack(lefts), np.stack(rights))
    return scores


def fte(embeddings: Mapping[Path, Floats | None]) -> float:
    """Return the share of pictures without a face found: the failure to extract."""
    return sum(embedding is None for embedding in embeddings.values()) / len(embeddings)


def _at_shipped(
    calibration: Calibration, curve: ErrorCurve, anchors: int, rule: str
) -> dict[str, float] | None:
    try:
        threshold = calibration.threshold(anchors=anchors, rule=rule)
    except CalibrationError:
        return None
    fmr, fnmr = curve.at_threshold(threshold)
    return {"threshold": threshold, "fmr": fmr, "fnmr": fnmr}


def _template_comparisons(
    people: list[list[Path]],
    embeddings: dict[Path, Floats | None],
    anchors: int,
    rule: str,
    comparator: Comparator,
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
        rows.append(_scores(comparator, rule, np.stack(found), own + others))
        mated.append(np.arange(len(rows[-1])) < len(own))
        probes = np.concatenate([np.full(len(own), number), np.delete(everyone, number)])
        subjects.append(np.column_stack([np.full(len(probes), number), probes]))
    if not rows:
        raise DatasetError(
            "dataset_too_small", f"expected people with more than {anchors} pictures, found none"
        )
    return Comparisons.of(np.concatenate(rows), np.concatenate(mated), np.concatenate(subjects))


def _scores(comparator: Comparator, rule: str, anchors: Floats, probes: Sequence[Floats | None]) -> Floats:
    scores = np.full(len(probes), FAILED, np.float32)
    known = [(row, probe) for row, probe in enumerate(probes) if probe is not None]
    if known:
        rows, present = zip(*known, strict=True)
        scores[list(rows)] = decision_rule(rule, comparator).scores(anchors, np.stack(present))
    return scores
