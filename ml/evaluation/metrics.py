"""Error rates of a comparator, after ISO/IEC 19795-1.

A comparison is a MATCH when its similarity is at least the threshold. FMR is the share of non-mated comparisons that
match, FNMR the share of mated comparisons that do not. All rates are fractions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.config import SEED
from ml.types import Rates


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Scored comparisons, most similar first.

    Attributes:
        similarity: Float32 (n,), falling.
        mated: Bool (n,).
        subjects: Int (n, 2), a number for each of the two people compared.
    """

    similarity: npt.NDArray[np.float32]
    mated: npt.NDArray[np.bool_]
    subjects: npt.NDArray[np.int32]

    @classmethod
    def of(cls, similarity: npt.ArrayLike, mated: npt.ArrayLike, subjects: npt.ArrayLike) -> "Comparisons":
        """Sort comparisons that come in any order."""
        scores = np.asarray(similarity, np.float32)
        order = np.argsort(-scores, kind="stable")
        return cls(scores[order], np.asarray(mated, np.bool_)[order], np.asarray(subjects, np.int32)[order])


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """FMR and FNMR at every threshold that makes a difference.

    Attributes:
        thresholds: Float (m,), falling; the first is above every score.
        fmr: Float (m,), rising from 0 to 1.
        fnmr: Float (m,), falling from 1 to 0.
    """

    thresholds: Rates
    fmr: Rates
    fnmr: Rates

    def fnmr_at_fmr(self, fmr: float) -> float:
        """The FNMR at the lowest threshold whose FMR is at most the one given."""
        return float(self.fnmr[self._index(fmr)])

    def tar_at_fmr(self, fmr: float) -> float:
        """The share of mated comparisons that match (true accept rate), where `fnmr_at_fmr` is their rest."""
        return 1 - self.fnmr_at_fmr(fmr)

    def threshold_at_fmr(self, fmr: float) -> float:
        """The lowest score that as a threshold keeps the FMR at or below the one given."""
        return float(self.thresholds[self._index(fmr)])

    def at_threshold(self, threshold: float) -> tuple[float, float]:
        """FMR and FNMR at a threshold."""
        index = int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1
        return float(self.fmr[index]), float(self.fnmr[index])

    @property
    def eer(self) -> float:
        """The rate at which FMR and FNMR are equal, or their mean where they come closest."""
        index = int(np.argmin(np.abs(self.fmr - self.fnmr)))
        return float((self.fmr[index] + self.fnmr[index]) / 2)

    @property
    def auc(self) -> float:
        """The probability that a mated comparison is more similar than a non-mated one; ties count half."""
        return float(np.trapezoid(1 - self.fnmr, self.fmr))

    def _index(self, fmr: float) -> int:
        # 1e-12 forgives the rounding of sums such as 0.1 + 0.2.
        return int(np.searchsorted(self.fmr, fmr + 1e-12, side="right")) - 1


def error_curve(comparisons: Comparisons, *, weights: Rates | None = None) -> ErrorCurve:
    """Trace both error rates over all thresholds.

    Args:
        comparisons: At least one mated and one non-mated.
        weights: Float (n,), how often each comparison counts; once if not given.
    """
    weights = np.ones(len(comparisons.similarity)) if weights is None else weights
    matched = np.cumsum(weights * comparisons.mated)
    false_matched = np.cumsum(weights * ~comparisons.mated)
    # Of equal scores only the last one closes a threshold.
    ends = np.flatnonzero(np.append(np.diff(comparisons.similarity) != 0, True))
    return ErrorCurve(
        thresholds=np.concatenate([[np.inf], comparisons.similarity[ends]]),
        fmr=np.concatenate([[0.0], false_matched[ends] / false_matched[-1]]),
        fnmr=np.concatenate([[1.0], 1 - matched[ends] / matched[-1]]),
    )


def bootstrap(
    comparisons: Comparisons,
    measures: Mapping[str, Callable[[ErrorCurve], float]],
    *,
    replicates: int = 200,
    seed: int = SEED,
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of each measure, by drawing people with replacement.

    Comparisons of one person depend on each other, so it is people that are drawn: one drawn twice counts twice, and
    a non-mated comparison counts as often as the product of its two people's counts.

    Args:
        comparisons: What was measured.
        measures: Each takes an error curve to a number.
        replicates: How many times the people are drawn.
        seed: Makes the result repeatable.
    """
    generator = np.random.default_rng(seed)
    people = int(comparisons.subjects.max()) + 1
    left, right = comparisons.subjects.T
    drawn: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(replicates):
        counts = np.bincount(generator.integers(people, size=people), minlength=people).astype(np.float64)
        weights = np.where(comparisons.mated, counts[left], counts[left] * counts[right])
        if not (weights[comparisons.mated].any() and weights[~comparisons.mated].any()):
            continue  # of very few people, a draw may leave nothing to compare
        curve = error_curve(comparisons, weights=weights)
        for name, measure in measures.items():
            drawn[name].append(measure(curve))
    return {name: _interval(values) for name, values in drawn.items()}


def _interval(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def ten_fold_accuracy(similarity: npt.ArrayLike, mated: npt.ArrayLike) -> tuple[float, float]:
    """Return mean and standard deviation of the accuracy over ten folds.

    Each fold is judged at the threshold that is best on the other nine; of equally good ones the middle is taken,
    which leaves the widest margin to both sides.

    Args:
        similarity: Float (n,), the ten folds one after another, n divisible by ten.
        mated: Bool (n,).
    """
    scores, truth = np.asarray(similarity, np.float64), np.asarray(mated, np.bool_)
    fold = np.arange(len(scores)) // (len(scores) // 10)
    accuracies = []
    for held_out in range(10):
        rest = fold != held_out
        threshold = best_threshold(scores[rest], truth[rest])
        accuracies.append(((scores[~rest] >= threshold) == truth[~rest]).mean())
    return float(np.mean(accuracies)), float(np.std(accuracies))


def best_threshold(similarity: npt.ArrayLike, mated: npt.ArrayLike) -> float:
    """Return the threshold that decides most comparisons rightly; of equally good ones the middle.

    Args:
        similarity: Float (n,).
        mated: Bool (n,).
    """
    scores, truth = np.asarray(similarity, np.float64), np.asarray(mated, np.bool_)
    order = np.argsort(scores)
    ranked, truth = scores[order], truth[order]
    # Number right if the threshold stands before each score: the non-mated below it and the mated from it on.
    right = np.concatenate([[0], np.cumsum(~truth)]) + np.concatenate([np.cumsum(truth[::-1])[::-1], [0]])
    between = np.concatenate([[ranked[0] - 1], (ranked[1:] + ranked[:-1]) / 2, [ranked[-1] + 1]])
    best = between[right == right.max()]
    return float((best[0] + best[-1]) / 2)
