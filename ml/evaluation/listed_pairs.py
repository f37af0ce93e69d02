"""Any list of pairs put to the test, at the threshold that the model ships.

    left,right,same
    anna/1.jpg,anna/2.jpg,1
    anna/1.jpg,bert/1.jpg,0

Paths are relative to the folder of pictures. A model without a threshold gets one from half of the people, and is
measured on the other half. The probability that a score stands for is always fitted on the one half and judged on the
other.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.errors import CalibrationError, DatasetError
from ml.evaluation.calibration import split_subjects
from ml.evaluation.metrics import Comparisons, ErrorCurve, best_threshold, bootstrap, error_curve
from ml.evaluation.probability import fit_probability, judge
from ml.evaluation.protocols import FAILED, Embeddings, Evaluation, Pair, fte, similarities
from ml.serving.artifacts import Artifact
from ml.types import Floats

HEADER = ("left", "right", "same")
_TRUTH = {"1": True, "true": True, "0": False, "false": False}
_FMRS = (1e-2, 1e-3, 1e-4)


@dataclass(frozen=True, slots=True)
class _Scored:
    """Pairs with their scores and people."""

    similarity: Floats
    mated: npt.NDArray[np.bool_]
    subjects: npt.NDArray[np.int64]

    def only(self, rows: npt.NDArray[np.bool_]) -> "_Scored":
        return _Scored(self.similarity[rows], self.mated[rows], self.subjects[rows])

    @property
    def both_kinds(self) -> bool:
        return bool(self.mated.any() and not self.mated.all())


def listed_pairs(faces: Embeddings, path: Path) -> Evaluation:
    """Compare the pairs of a list.

    Args:
        faces: The pipeline under test on the folder that the list's paths are relative to.
        path: The list, CSV.

    Raises:
        DatasetError: `dataset_missing`, `dataset_unreadable`, or `dataset_too_small` if one kind of pair is missing.
    """
    pairs = read_list(path)
    names = sorted({pair.left for pair in pairs} | {pair.right for pair in pairs})
    embeddings = faces.of(names)
    artifact = faces.pipeline.artifact
    owners = people_in(pairs)
    scored = _Scored(
        similarities(artifact.comparator, embeddings, [(pair.left, pair.right) for pair in pairs]),
        np.array([pair.mated for pair in pairs]),
        np.array([(owners[pair.left], owners[pair.right]) for pair in pairs]),
    )
    first, second = _halves(scored)
    shipped = _shipped(artifact)
    if shipped is None and not (first.both_kinds and second.both_kinds):
        raise DatasetError(
            "dataset_too_small", f"expected both kinds of pairs in both halves of the people of {path}"
        )
    threshold = best_threshold(first.similarity, first.mated) if shipped is None else shipped
    tested = second if shipped is None else scored
    figures = {
        "protocol": "pairs",
        "threshold_from": "the calibration half" if shipped is None else "the model, one anchor, FMR 1e-4",
        **_figures(tested, threshold),
        "fte": fte(embeddings),
        "images": len(names),
        "listed_pairs": len(pairs),
        "listed_subjects": len(set(owners.values())),
    }
    first, second = (half.only(half.similarity > FAILED) for half in (first, second))
    if first.both_kinds and second.both_kinds:
        figures["probability"] = _probability(first, second)
    comparisons = Comparisons.of(tested.similarity, tested.mated, tested.subjects)
    return Evaluation(figures=figures, curve=error_curve(comparisons), comparisons=comparisons)


def read_list(path: Path) -> list[Pair]:
    """Read a list of pairs; `same` is 1 or true, 0 or false.

    Raises:
        DatasetError: `dataset_missing`; `dataset_unreadable` with the number of the line that is wrong;
            `dataset_too_small` if there is only one kind of pair.
    """
    if not path.is_file():
        raise DatasetError("dataset_missing", f"expected the list of pairs {path}, found none")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file)
            _check_header(next(lines, []), path)
            pairs = [_pair(row, f"{path}, line {lines.line_num}") for row in lines if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError("dataset_unreadable", f"expected CSV in {path}: {error}") from error
    kinds = {pair.mated for pair in pairs}
    if len(kinds) < 2:
        raise DatasetError("dataset_too_small", f"expected pairs of both kinds in {path}, found {len(kinds)}")
    return pairs


def people_in(pairs: Sequence[Pair]) -> dict[Path, int]:
    """Number the people: who stands in each picture.

    Folders are people where that agrees with every pair. Otherwise pictures that mated pairs connect, directly or by
    way of others, are one person's.
    """
    names = sorted({name for pair in pairs for name in (pair.left, pair.right)})
    if all((pair.left.parent == pair.right.parent) == pair.mated for pair in pairs):
        folders = sorted({name.parent for name in names})
        return {name: folders.index(name.parent) for name in names}
    person = {name: number for number, name in enumerate(names)}
    for pair in pairs:
        if pair.mated and person[pair.left] != person[pair.right]:
            kept, merged = person[pair.left], person[pair.right]
            person |= {name: kept for name, number in person.items() if number == merged}
    return person


def _check_header(row: Sequence[str], path: Path) -> None:
    if tuple(cell.strip().lower() for cell in row) != HEADER:
        raise DatasetError(
            "dataset_unreadable", f"expected the header {','.join(HEADER)} in {path}, got {','.join(row)!r}"
        )


def _pair(row: Sequence[str], place: str) -> Pair:
    cells = [cell.strip() for cell in row]
    if len(cells) != len(HEADER) or not all(cells) or cells[2].lower() not in _TRUTH:
        raise DatasetError(
            "dataset_unreadable", f"expected two paths and 1 or 0 in {place}, got {','.join(row)!r}"
        )
    return Pair(Path(cells[0]), Path(cells[1]), mated=_TRUTH[cells[2].lower()])


def _halves(scored: _Scored) -> tuple[_Scored, _Scored]:
    """The pairs within each half of the people; pairs across are left out of both."""
    names = [str(number) for number in range(int(scored.subjects.max()) + 1)]
    first = np.isin(scored.subjects, [int(name) for name in split_subjects(names)[0]])
    return scored.only(np.all(first, axis=1)), scored.only(~np.any(first, axis=1))


def _shipped(artifact: Artifact) -> float | None:
    try:
        return artifact.calibration.threshold(anchors=1)
    except CalibrationError:
        return None


def _figures(tested: _Scored, threshold: float) -> dict[str, Any]:
    comparisons = Comparisons.of(tested.similarity, tested.mated, tested.subjects)
    curve = error_curve(comparisons)
    fmr, fnmr = curve.at_threshold(threshold)
    measures: dict[str, Callable[[ErrorCurve], float]] = {
        "fmr": lambda drawn: drawn.at_threshold(threshold)[0],
        "fnmr": lambda drawn: drawn.at_threshold(threshold)[1],
        "eer": attrgetter("eer"),
        "auc": attrgetter("auc"),
    }
    measures |= {f"{target:g}": methodcaller("tar_at_fmr", target) for target in _FMRS}
    intervals = bootstrap(comparisons, measures)
    mated, non_mated = int(tested.mated.sum()), int((~tested.mated).sum())
    # Drawing again cannot tell how rare an error is that never came: at most 3 / n, were the pairs independent.
    if not fmr:
        intervals["fmr"] = (0.0, min(1.0, 3 / non_mated))
    if not fnmr:
        intervals["fnmr"] = (0.0, min(1.0, 3 / mated))
    return {
        "threshold": threshold,
        "accuracy": float(((tested.similarity >= threshold) == tested.mated).mean()),
        "fmr": fmr,
        "fmr_interval": intervals["fmr"],
        "fnmr": fnmr,
        "fnmr_interval": intervals["fnmr"],
        "tar_at_fmr": {f"{target:g}": curve.tar_at_fmr(target) for target in _FMRS},
        "tar_at_fmr_interval": {f"{target:g}": intervals[f"{target:g}"] for target in _FMRS},
        "eer": curve.eer,
        "eer_interval": intervals["eer"],
        "auc": curve.auc,
        "auc_interval": intervals["auc"],
        "subjects": len(np.unique(tested.subjects)),
        "mated": mated,
        "non_mated": non_mated,
    }


def _probability(first: _Scored, second: _Scored) -> dict[str, Any]:
    fitted = fit_probability(first.similarity, first.mated)
    return {**fitted.to_json(), **judge(fitted, second.similarity, second.mated)}
