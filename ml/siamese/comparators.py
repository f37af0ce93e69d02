"""Comparing cached embeddings with NumPy alone. What is not a proper embedding raises: a comparison fails closed."""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.errors import ComparatorError
from ml.types import Floats


class Comparator(Protocol):
    """Tells how close two embeddings are."""

    name: str

    def similarity(self, template: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Return the similarity of two embeddings (d,); higher is closer."""


class CosineComparator:
    """The cosine of the angle between two embeddings, in [-1, 1]; higher is closer."""

    name = "cosine"

    def similarity(self, template: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Compare a template with a probe.

        Args:
            template: Float (d,).
            probe: Float (d,).

        Raises:
            ComparatorError: `invalid_embedding` if a vector is not finite, is zero, or the sizes differ.
        """
        left, right = unit(template), unit(probe)
        if left.shape != right.shape:
            raise ComparatorError(
                "invalid_embedding", f"expected equal sizes, got {left.shape} and {right.shape}"
            )
        return float(np.clip(left @ right, -1, 1))


class EuclideanComparator:
    """The distance between two embeddings, negated, in (-inf, 0]; higher is closer."""

    name = "euclidean"

    def similarity(self, template: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Compare a template (d,) with a probe (d,).

        Raises:
            ComparatorError: `invalid_embedding` if a vector is not finite, is zero, or the sizes differ.
        """
        return -float(np.linalg.norm(_difference(template, probe)))


class WeightedL1Comparator:
    """The probability that two embeddings are of one person, in (0, 1); higher is closer.

    It is `sigmoid(bias + sum_j weights_j * |template_j - probe_j|)`, with weights that were learned beside the network
    (Koch, Zemel, Salakhutdinov, 2015), as the Keras layer `SameProbability` computes it.
    """

    name = "weighted_l1"

    def __init__(self, weights: npt.ArrayLike, bias: float) -> None:
        """Keep what was learned.

        Args:
            weights: Float (d,), one a component.
            bias: Score of two equal embeddings, before the sigmoid.

        Raises:
            ComparatorError: `invalid_embedding` if the weights are not a finite vector.
        """
        self._weights = _vector(weights)
        self._bias = float(bias)

    @classmethod
    def load(cls, path: Path) -> "WeightedL1Comparator":
        """Read what `save` wrote; nothing in the file is executed."""
        with np.load(path, allow_pickle=False) as content:
            return cls(content["weights"], content["bias"].item())

    def save(self, path: Path) -> None:
        """Write the weights as `.npz`."""
        np.savez(path, weights=self._weights.astype(np.float32), bias=np.float32(self._bias))

    def similarity(self, template: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Compare a template (d,) with a probe (d,).

        Raises:
            ComparatorError: `invalid_embedding` if a vector is not finite, is zero, or not as long as the weights.
        """
        difference = np.abs(_difference(template, probe))
        if difference.shape != self._weights.shape:
            raise ComparatorError(
                "invalid_embedding", f"expected the size {self._weights.shape}, got {difference.shape}"
            )
        score = np.clip(self._bias + difference @ self._weights, -80, 80)
        return float(1 / (1 + np.exp(-score)))


def unit(embedding: npt.ArrayLike) -> Floats:
    """Return an embedding (d,) at length 1, float32.

    Raises:
        ComparatorError: `invalid_embedding` if it is not a finite vector other than zero.
    """
    vector = np.asarray(embedding, np.float64)
    if vector.ndim != 1 or not vector.size:
        raise ComparatorError("invalid_embedding", f"expected one vector, got the shape {vector.shape}")
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-6:
        raise ComparatorError(
            "invalid_embedding", f"expected a finite vector other than zero, got length {length}"
        )
    return np.asarray(vector / length, np.float32)


def template_mean(embeddings: npt.ArrayLike) -> Floats:
    """Return the template of a person: the mean of the anchors' unit embeddings, at length 1.

    Args:
        embeddings: Float (k, d), one row an anchor.

    Returns:
        Float32 (d,).

    Raises:
        ComparatorError: `invalid_embedding` if any row is no embedding, or the rows cancel out.
    """
    rows = np.asarray(embeddings, np.float64)
    if rows.ndim != 2 or not len(rows):
        raise ComparatorError("invalid_embedding", f"expected anchors (k, d), got the shape {rows.shape}")
    return unit(np.mean([unit(row) for row in rows], axis=0))


def _difference(template: npt.ArrayLike, probe: npt.ArrayLike) -> npt.NDArray[np.float64]:
    left, right = _vector(template), _vector(probe)
    if left.shape != right.shape:
        raise ComparatorError(
            "invalid_embedding", f"expected equal sizes, got {left.shape} and {right.shape}"
        )
    return left - right


def _vector(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    vector = np.asarray(values, np.float64)
    unit(vector)  # refuses what is no finite vector other than zero
    return vector


# Those that need no learned weights.
_COMPARATORS: dict[str, type[Comparator]] = {
    CosineComparator.name: CosineComparator,
    EuclideanComparator.name: EuclideanComparator,
}


def comparator(name: str) -> Comparator:
    """Return the comparator that a model's manifest names; `WeightedL1Comparator` is loaded from its weights instead.

    Raises:
        ComparatorError: `unknown_comparator`.
    """
    if name not in _COMPARATORS:
        raise ComparatorError("unknown_comparator", f"expected one of {sorted(_COMPARATORS)}, got {name!r}")
    return _COMPARATORS[name]()
