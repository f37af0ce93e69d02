"""Whose face is this? Exact search among the templates of many people (identification, 1:N)."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ml.errors import ComparatorError
from ml.siamese.comparators import Comparator, CosineComparator, checked
from ml.types import Floats

_LENGTH_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody whom a probe resembles.

    Attributes:
        subject: The id under which the gallery knows the person.
        similarity: The comparator's, of template and probe; higher is closer.
    """

    subject: int
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """One template a person, as rows of a matrix, searched without any index.

    A search reads every template once: O(n d) operations, for cosines all in one matrix-vector product, and O(n) to
    choose the best. Memory is 4 n d + 8 n bytes, and a search takes another 12 n: at d = 192, 77 MB for 100,000
    people. Exact search needs no building, forgets a person as soon as the row is gone, and never misses the nearest.

    Attributes:
        subjects: Int64 (n,), ids of the people.
        templates: Float32 (n, d), row by row the template of each.
        comparator: Of the model that made them.
    """

    subjects: npt.NDArray[np.int64]
    templates: Floats
    comparator: Comparator = field(default_factory=CosineComparator)

    def __post_init__(self) -> None:
        """Refuse what would compare wrongly.

        Raises:
            ComparatorError: `invalid_embedding` if shapes do not fit, or a row is not finite, or not of unit length
                where the comparator works on such.
        """
        if self.templates.ndim != 2 or self.subjects.shape != self.templates.shape[:1]:
            raise ComparatorError(
                "invalid_embedding",
                f"expected subjects (n,) and templates (n, d), got {self.subjects.shape} and {self.templates.shape}",
            )
        lengths = np.sqrt(np.einsum("nd,nd->n", self.templates, self.templates))
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise ComparatorError("invalid_embedding", "expected finite templates other than zero")
        if self.comparator.unit_length and not np.all(np.abs(lengths - 1) < _LENGTH_TOLERANCE):
            raise ComparatorError("invalid_embedding", "expected templates of unit length")

    def __len__(self) -> int:
        return len(self.subjects)

    def nearest(self, probe: npt.ArrayLike, *, count: int) -> list[Neighbour]:
        """Find the people whom a probe resembles most.

        Args:
            probe: Float (d,).
            count: How many; fewer come back from a smaller gallery.

        Returns:
            Neighbours, the nearest first.

        Raises:
            ComparatorError: `invalid_embedding` if the probe is no embedding or of another size.
        """
        vector = checked(probe, unit_length=self.comparator.unit_length)
        if vector.shape != self.templates.shape[1:] and len(self):
            raise ComparatorError(
                "invalid_embedding", f"expected the size {self.templates.shape[1]}, got {vector.size}"
            )
        if not len(self) or count < 1:
            return []
        similarities = self.comparator.matrix(vector[None], self.templates)[0]
        best = np.argpartition(similarities, -min(count, len(self)))[-count:]
        best = best[np.argsort(-similarities[best], kind="stable")]
        return [Neighbour(int(self.subjects[row]), float(similarities[row])) for row in best]
