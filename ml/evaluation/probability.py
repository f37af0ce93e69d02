"""From similarity to probability: fitting the logistic curve, and judging what it says.

Mated and non-mated comparisons count half each, however many there are of either: even odds.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.errors import DatasetError
from ml.serving.probability import ProbabilityCalibration

_BINS = 10
_STEPS = 100


def fit_probability(similarity: npt.ArrayLike, mated: npt.ArrayLike) -> ProbabilityCalibration:
    """Fit `P(same) = sigmoid(slope * s + intercept)` at even odds, by Newton's method.

    As Platt (1999) does, the targets are `(n + 1) / (n + 2)` of the n mated and `1 / (m + 2)` of the m non-mated
    comparisons instead of 1 and 0: where the two do not overlap, the slope would grow without end.

    Args:
        similarity: Float (n,), of a calibration set.
        mated: Bool (n,).

    Raises:
        DatasetError: `dataset_too_small` without both kinds, or without two different similarities.
    """
    scores, truth = np.asarray(similarity, np.float64), np.asarray(mated, np.bool_)
    same, other = int(truth.sum()), int((~truth).sum())
    spread = float(scores.std()) if scores.size else 0.0
    if not same or not other or spread == 0:
        raise DatasetError(
            "dataset_too_small",
            f"expected mated and non-mated comparisons that differ, got {same} and {other}",
        )
    target = np.where(truth, (same + 1) / (same + 2), 1 / (other + 2))
    weight = _even_odds(truth)
    centre = float(scores.mean())
    columns = np.stack([(scores - centre) / spread, np.ones_like(scores)], axis=1)
    slope, level = _newton(columns, target, weight)
    return ProbabilityCalibration(
        slope=float(slope / spread), intercept=float(level - slope * centre / spread)
    )


def judge(fitted: ProbabilityCalibration, similarity: npt.ArrayLike, mated: npt.ArrayLike) -> dict[str, Any]:
    """Tell how far the probabilities can be trusted, on people the curve was not fitted on, at even odds.

    Args:
        fitted: The curve.
        similarity: Float (n,).
        mated: Bool (n,), both kinds.

    Returns:
        `brier`, the mean squared difference of probability and truth: 0 is perfect, 0.25 is a coin. `reliability`:
        for each tenth of the scale that occurs, the mean probability, the share that was mated, and how many
        comparisons there were.
    """
    truth = np.asarray(mated, np.bool_)
    said = np.array([fitted.probability(score) for score in np.asarray(similarity, np.float64)])
    weight = _even_odds(truth)
    bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
    reliability = []
    for number in np.unique(bins):
        rows = bins == number
        share = weight[rows] / weight[rows].sum()
        reliability.append(
            {
                "probability": float(share @ said[rows]),
                "mated_share": float(share @ truth[rows]),
                "comparisons": int(rows.sum()),
            }
        )
    return {"brier": float(weight @ (said - truth) ** 2), "reliability": reliability}


def _even_odds(truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Weights that sum to 1/2 over either kind."""
    return np.asarray(np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum()), np.float64)


def _newton(
    columns: npt.NDArray[np.float64], target: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Minimise the weighted cross-entropy of a logistic model; steps that overshoot are halved."""

    def loss(coefficients: npt.NDArray[np.float64]) -> float:
        odds = columns @ coefficients
        return float(weight @ (np.logaddexp(0, odds) - target * odds))

    found = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-np.clip(columns @ found, -60, 60)))
        gradient = columns.T @ (weight * (said - target))
        curvature = (columns.T * (weight * said * (1 - said))) @ columns
        step = np.linalg.solve(curvature + 1e-12 * np.eye(len(found)), gradient)
        while loss(found - step) > loss(found) and np.abs(step).max() > 1e-12:
            step = step / 2
        found = found - step
        if np.abs(step).max() < 1e-10:
            break
    return found
