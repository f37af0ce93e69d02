"""Comparing cached embeddings with NumPy alone.

One comparison decides over people, so it checks what it is given: what is not a proper embedding raises, a comparison
fails closed. Many at once serve to search, calibrate and evaluate; they check shapes alone.
"""

import zipfile
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from ml.errors import ComparatorError
from ml.types import Floats

# Numbers of one intermediate array, so that memory stays bounded and the processor's cache is used: 1 MB of float32.
_CHUNK = 2**18


class Comparator(Protocol):
    """Tells how close two embeddings are.

    Attributes:
        name: Its name in manifests.
        unit_length: Whether it compares directions: embeddings and templates are brought to length 1 beforehand.
            Otherwise they stay as the network gives them, and a template is the plain mean.
    """

    name: str
    unit_length: bool

    def similarity(self, template: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Return the similarity of two embeddings (d,); higher is closer."""

    def similarities(self, templates: Floats, probes: Floats) -> Floats:
        """Compare each template with the probe in the same row.

        Args:
            templates: Float32 (n, d), of length 1 if `unit_length`.
            probes: Float32 (n, d), likewise.

        Returns:
            Float32 (n,); NaN where a row is not finite, which reaches no threshold.
        """

    def matrix(self, templates: Floats, probes: Floats) -> Floats:
        """Compare each template with every probe.

        Args:
            templates: Float32 (n, d), of length 1 if `unit_length`.
            probes: Float32 (m, d), likewise.

        Returns:
            Float32 (n, m); NaN where a row is not finite, which reaches no threshold.
        """


class CosineComparator:
    """The cosine of the angle between two embeddings, in [-1, 1]; higher is closer."""

    name = "cosine"
    unit_length = True

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

    def similarities(self, templates: Floats, probes: Floats) -> Floats:
        """Compare row by row, unit vectors (n, d) to (n,); see `Comparator.similarities`."""
        return np.asarray(np.clip(np.einsum("nd,nd->n", templates, probes), -1, 1), np.float32)

    def matrix(self, templates: Floats, probes: Floats) -> Floats:
        """Compare all with all, unit vectors (n, d) and (m, d) to (n, m); see `Comparator.matrix`."""
        cosines = templates @ probes.T
        return np.asarray(np.clip(cosines, -1, 1, out=cosines), np.float32)


class EuclideanComparator:
    """The distance between two embeddings, negated, in [-2, 0] for those of length 1; higher is closer."""

    name = "euclidean"
    unit_length = True

    def similarity(self, template: npt.ArrayLike, probe: npt.ArrayLike) -> float:
        """Compare a template (d,) with a probe (d,).

        Raises:
            ComparatorError: `invalid_embedding` if a vector is not finite, is zero, or the sizes differ.
        """
        return -float(np.linalg.norm(_difference(template, probe)))

    def similarities(self, templates: Floats, probes: Floats) -> Floats:
        """Compare row by row, (n, d) to (n,); see `Comparator.similarities`."""
        return np.asarray(-np.linalg.norm(templates - probes, axis=1), np.float32)

    def matrix(self, templates: Floats, probes: Floats) -> Floats:
        """Compare all with all, (n, d) and (m, d) to (n, m); see `Comparator.matrix`.

        `|a - b|^2 = |a|^2 + |b|^2 - 2 a b` in float64: of two nearly equal vectors float32 would keep few digits.
        """
        found = np.empty((len(templates), len(probes)), np.float32)
        left = templates.astype(np.float64)
        lengths = np.einsum("nd,nd->n", left, left)[:, None]
        step = max(1, _CHUNK // max(left.shape))
        for start in range(0, len(probes), step):
            right = probes[start : start + step].astype(np.float64)
            squared = lengths + np.einsum("md,md->m", right, right) - 2 * left @ right.T
            found[:, start : start + step] = -np.sqrt(np.maximum(squared, 0))
        return found


class WeightedL1Comparator:
    """The probability that two embeddings are of one person, in (0, 1); higher is closer.

    It is `sigmoid(bias + sum_j weights_j * |template_j - probe_j|)`, with weights that were learned beside the network
    (Koch, Zemel, Salakhutdinov, 2015), as the Keras layer `SameProbability` computes it.
    """

    name = "weighted_l1"
    unit_length = False

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
    def load(cls, file: Path | BinaryIO) -> "WeightedL1Comparator":
        """Read what `save` wrote; nothing in the file is executed.

        Raises:
            ComparatorError: `unreadable_weights` if it holds anything else, `invalid_embedding` if they are not finite.
        """
        try:
            with np.load(file, allow_pickle=False) as content:
                weights, bias = content["weights"], content["bias"].item()
        except (OSError, KeyError, ValueError, AttributeError, zipfile.BadZipFile) as error:
            raise ComparatorError(
                "unreadable_weights", f"expected a comparator's weights: {error}"
            ) from error
        return cls(weights, bias)

    @property
    def size(self) -> int:
        """Length d of the embeddings it compares."""
        return self._weights.size

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
        return float(_sigmoid(self._bias + difference @ self._weights))

    def similarities(self, templates: Floats, probes: Floats) -> Floats:
        """Compare row by row, (n, d) to (n,); see `Comparator.similarities`."""
        weights = self._weights.astype(np.float32)
        found = np.empty(len(templates), np.float32)
        step = max(1, _CHUNK // self.size)
        for start in range(0, len(templates), step):
            rows = slice(start, start + step)
            found[rows] = np.abs(templates[rows] - probes[rows]) @ weights
        return np.asarray(_sigmoid(self._bias + found), np.float32)

    def matrix(self, templates: Floats, probes: Floats) -> Floats:
        """Compare all with all, (n, d) and (m, d) to (n, m); see `Comparator.matrix`.

        Unlike products, absolute differences cannot be shared between pairs: n m d of them are made, in small pieces.
        """
        weights = self._weights.astype(np.float32)
        found = np.empty((len(templates), len(probes)), np.float32)
        step = max(1, _CHUNK // self.size)
        piece = np.empty((min(step, len(probes)), self.size), np.float32)
        for start in range(0, len(probes), step):
            some = probes[start : start + step]
            for row, template in enumerate(templates):
                difference = np.subtract(some, template, out=piece[: len(some)])
                found[row, start : start + step] = np.abs(difference, out=difference) @ weights
        return np.asarray(_sigmoid(self._bias + found), np.float32)


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


def checked(embedding: npt.ArrayLike, *, unit_length: bool) -> Floats:
    """Return an embedding (d,), float32, at length 1 if so wished, otherwise as it is.

    Raises:
        ComparatorError: `invalid_embedding` if it is not a finite vector other than zero.
    """
    return unit(embedding) if unit_length else np.asarray(_vector(embedding), np.float32)


def template_mean(embeddings: npt.ArrayLike, *, unit_length: bool = True) -> Floats:
    """Return the template of a person: the mean of the anchors' embeddings.

    Args:
        embeddings: Float (k, d), one row an anchor.
        unit_length: Of the comparator: whether each embedding, and the mean of all, is brought to length 1.

    Returns:
        Float32 (d,).

    Raises:
        ComparatorError: `invalid_embedding` if any row is no embedding, or the rows cancel out.
    """
    rows = np.asarray(embeddings, np.float64)
    if rows.ndim != 2 or not len(rows):
        raise ComparatorError("invalid_embedding", f"expected anchors (k, d), got the shape {rows.shape}")
    anchors = [checked(row, unit_length=unit_length) for row in rows]
    return checked(np.mean(anchors, axis=0), unit_length=unit_length)


def _difference(template: npt.ArrayLike, probe: npt.ArrayLike) -> npt.NDArray[np.float64]:
    left, right = _vector(template), _vector(probe)
    if left.shape != right.shape:
        raise ComparatorError(
            "invalid_embedding", f"expected equal sizes, got {left.shape} and {right.shape}"
        )
    return left - right


def _sigmoid(scores: npt.ArrayLike) -> npt.NDArray[np.floating]:
    # Beyond 80 nothing changes any more, and the exponential would leave float32.
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -80, 80))))


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
