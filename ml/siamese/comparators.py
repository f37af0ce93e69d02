"""Comparing cached embeddings with NumPy alone. What is not a proper embedding raises: a comparison fails closed."""

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


_COMPARATORS: dict[str, type[Comparator]] = {CosineComparator.name: CosineComparator}


def comparator(name: str) -> Comparator:
    """Return the comparator that a model's manifest names.

    Raises:
        ComparatorError: `unknown_comparator`.
    """
    if name not in _COMPARATORS:
        raise ComparatorError("unknown_comparator", f"expected one of {sorted(_COMPARATORS)}, got {name!r}")
    return _COMPARATORS[name]()
