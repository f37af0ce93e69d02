"""Two models tried on one set of people, each as the site would compare them: templates against probes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.errors import DatasetError
from ml.evaluation.calibration import FaceSet
from ml.siamese.rules import decision_rule
from ml.types import Floats

Counts = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trial:
    """Every template against every probe.

    Attributes:
        similarity: Float32 (t, n); higher is closer.
        owners: Int (t,), whose template each row is; nobody has two.
        probes: Int (n,), whose picture each column is.
        threshold: Score from which the model says MATCH.
    """

    similarity: Floats
    owners: Numbers
    probes: Numbers
    threshold: float

    @property
    def mated(self) -> npt.NDArray[np.bool_]:
        """Which comparisons are of one person, bool (t, n)."""
        return np.asarray(self.owners[:, None] == self.probes[None])

    @property
    def false_matches(self) -> npt.NDArray[np.bool_]:
        """Which strangers are let in, bool (t, n)."""
        return np.asarray((self.similarity >= self.threshold) & ~self.mated)

    @property
    def people(self) -> int:
        """One more than the largest number of a person."""
        return 1 + int(max(self.owners.max(), self.probes.max()))

    @property
    def most_accepted(self) -> int:
        """The larger of two numbers: of people as whom one picture is accepted, and whom one template accepts."""
        accepted = self.false_matches
        rows, columns = np.nonzero(accepted)
        pairs = np.unique(np.stack([rows, self.probes[columns]]), axis=1)
        return int(max(accepted.sum(axis=0).max(), np.bincount(pairs[0], minlength=1).max()))


@dataclass(frozen=True, slots=True)
class Contest:
    """What the model in use and the one to follow it make of the same people."""

    champion: Trial
    challenger: Trial


class ErrorRates:
    """Error rates of a trial when people count differently often, as in a bootstrap.

    A comparison counts as often as the product of its two people's counts; a mated one as often as its person's.
    Only the strangers' highest scores are kept: the others never decide a false match rate of interest.
    """

    def __init__(self, trial: Trial, *, fmr: float) -> None:
        """Sort the scores that matter.

        Args:
            trial: What was measured.
            fmr: The rate of interest, a fraction.
        """
        self._trial, self._fmr = trial, fmr
        self._pictures = np.bincount(trial.probes, minlength=trial.people)
        rows, columns = np.nonzero(trial.mated)
        self._mated, self._mated_owners = trial.similarity[rows, columns], trial.owners[rows]
        strangers = trial.similarity[~trial.mated]
        # Drawing people with replacement enlarges some shares: keep ten times what is needed.
        kept = min(strangers.size, 100 + int(10 * fmr * strangers.size))
        lowest = np.partition(strangers, strangers.size - kept)[strangers.size - kept]
        rows, columns = np.nonzero((trial.similarity >= min(lowest, trial.threshold)) & ~trial.mated)
        order = np.argsort(-trial.similarity[rows, columns], kind="stable")
        rows, columns = rows[order], columns[order]
        self._strangers = trial.similarity[rows, columns]
        self._pairs = trial.owners[rows], trial.probes[columns]

    def fmr(self, counts: Counts) -> float:
        """The share of strangers let in at the trial's threshold.

        Args:
            counts: Float (people,), how often each person is there.
        """
        let_in = self._strangers >= self._trial.threshold
        return float(self._weights(counts)[let_in].sum()) / self._strangers_there(counts)

    def fnmr(self, counts: Counts, *, threshold: float | None = None) -> float:
        """The share of mated probes turned down, at the trial's threshold or another one."""
        limit = self._trial.threshold if threshold is None else threshold
        weights = counts[self._mated_owners]
        return float(weights[self._mated < limit].sum() / weights.sum())

    def fnmr_at_fmr(self, counts: Counts) -> float:
        """The FNMR at the lowest threshold whose FMR is at most the one of interest."""
        over = np.cumsum(self._weights(counts)) > self._fmr * self._strangers_there(counts)
        first = int(np.argmax(over)) if over.any() else len(over) - 1
        return self.fnmr(counts, threshold=float(np.nextafter(self._strangers[first], np.float32(np.inf))))

    def _weights(self, counts: Counts) -> Counts:
        owners, probes = self._pairs
        return np.asarray(counts[owners] * counts[probes])

    def _strangers_there(self, counts: Counts) -> float:
        """How many comparisons of strangers there are."""
        templates, pictures = counts[self._trial.owners], counts * self._pictures
        own = templates * pictures[self._trial.owners]
        return float(templates.sum() * pictures.sum() - own.sum())


def trial(faces: FaceSet, *, rule: str, anchors: int, threshold: float) -> Trial:
    """Compare people as the site does.

    Of everyone with more than `anchors` pictures the first ones make the template; all other pictures are probes.

    Args:
        faces: Embeddings of everyone.
        rule: How anchors decide, a name of `ml.siamese.rules`.
        anchors: How many a template has.
        threshold: Score from which the model says MATCH, for this rule and so many anchors.

    Raises:
        DatasetError: `dataset_too_small` if fewer than two people have enough pictures.
    """
    place = np.arange(len(faces.subjects)) - np.searchsorted(faces.subjects, faces.subjects)
    sizes = np.bincount(faces.subjects)
    owners = np.flatnonzero(sizes > anchors)
    if owners.size < 2:
        raise DatasetError(
            "dataset_too_small", f"expected 2 people with {anchors + 1} pictures, found {owners.size}"
        )
    is_anchor = (sizes[faces.subjects] > anchors) & (place < anchors)
    probes, decide = np.flatnonzero(~is_anchor), decision_rule(rule, faces.comparator)
    rows = [
        decide.scores(faces.embeddings[(faces.subjects == owner) & is_anchor], faces.embeddings[probes])
        for owner in owners
    ]
    return Trial(np.stack(rows), owners, faces.subjects[probes], threshold)


def drawing(made: Trial, *, points: int = 60, bins: int = 50) -> dict[str, Any]:
    """Return what the plots of a trial need, small and ready for JSON.

    Args:
        made: What was measured.
        points: How many of the curve, evenly over the logarithm of the FMR.
        bins: How many of the histograms.

    Returns:
        `det`: pairs of FMR and FNMR; `edges`, `mated`, `non_mated`: histograms as shares; `threshold`.
    """
    mated, strangers = made.similarity[made.mated], np.sort(made.similarity[~made.mated])
    allowed = np.unique(np.geomspace(1, strangers.size, points).astype(int))
    # Just above the score of the (n + 1)-th most similar stranger, n are let in.
    thresholds = np.append(strangers[::-1][allowed[:-1]], strangers[0] - 1)
    fnmr = np.searchsorted(np.sort(mated), thresholds, side="right") / mated.size
    edges = np.histogram_bin_edges(made.similarity, bins)
    return {
        "det": [
            [float(count / strangers.size), float(rate)] for count, rate in zip(allowed, fnmr, strict=True)
        ],
        "edges": [round(float(edge), 4) for edge in edges],
        "mated": (np.histogram(mated, edges)[0] / mated.size).round(5).tolist(),
        "non_mated": (np.histogram(strangers, edges)[0] / strangers.size).round(5).tolist(),
        "threshold": made.threshold,
    }
