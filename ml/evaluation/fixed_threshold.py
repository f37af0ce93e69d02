"""Error rates at one fixed threshold, where the people enrolled and the strangers who try are different people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.config import SEED
from ml.types import Floats

_REPLICATES = 500


@dataclass(frozen=True, slots=True)
class Trials:
    """Scored tries.

    Attributes:
        mated: Float32 (n,), of enrolled people against their own template.
        owners: Int (n,), the number of each try's person.
        non_mated: Float32 (t, s), of each template against each picture of a stranger.
        strangers: Int (s,), the number of each such picture's person.
    """

    mated: Floats
    owners: npt.NDArray[np.int64]
    non_mated: Floats
    strangers: npt.NDArray[np.int64]

    def only(self, mated: npt.NDArray[np.bool_], strangers: npt.NDArray[np.bool_]) -> "Trials":
        """Keep some mated tries (n,) and some strangers' pictures (s,)."""
        return Trials(
            self.mated[mated], self.owners[mated], self.non_mated[:, strangers], self.strangers[strangers]
        )

    def rates(self, threshold: float) -> dict[str, Any]:
        """Return FMR and FNMR with 95 % intervals, and the numbers behind them; None where nothing was compared.

        Intervals draw the enrolled people and the strangers with replacement. Without a single error nothing can be
        drawn: then the upper end is 3 / n, as if the n comparisons were independent.
        """
        matched = self.non_mated >= threshold
        missed = self.mated < threshold
        return {
            "fmr": float(matched.mean()) if matched.size else None,
            "fmr_interval": _interval(matched.sum(), matched.size, _drawn_fmr(matched, self.strangers)),
            "false_matches": int(matched.sum()),
            "non_mated": int(matched.size),
            "strangers": len(np.unique(self.strangers)),
            "fnmr": float(missed.mean()) if missed.size else None,
            "fnmr_interval": _interval(missed.sum(), missed.size, _drawn_fnmr(missed, self.owners)),
            "false_non_matches": int(missed.sum()),
            "mated": int(missed.size),
            "people": len(np.unique(self.owners)),
        }


Draw = Callable[[np.random.Generator], float]


def _interval(errors: int, comparisons: int, draw: Draw) -> tuple[float, float] | None:
    if not comparisons:
        return None
    if not errors:
        return 0.0, min(1.0, 3 / comparisons)
    generator = np.random.default_rng(SEED)
    low, high = np.quantile([draw(generator) for _ in range(_REPLICATES)], [0.025, 0.975])
    return float(low), float(high)


def _drawn_fmr(matched: npt.NDArray[np.bool_], strangers: npt.NDArray[np.int64]) -> Draw:
    _, people = np.unique(strangers, return_inverse=True)
    rows, columns = np.nonzero(matched)

    def draw(generator: np.random.Generator) -> float:
        enrolled = _counts(generator, len(matched))
        tried = _counts(generator, int(people.max()) + 1)[people]
        return float((enrolled[rows] * tried[columns]).sum() / (enrolled.sum() * tried.sum()))

    return draw


def _drawn_fnmr(missed: npt.NDArray[np.bool_], owners: npt.NDArray[np.int64]) -> Draw:
    _, people = np.unique(owners, return_inverse=True)

    def draw(generator: np.random.Generator) -> float:
        weights = _counts(generator, int(people.max()) + 1)[people]
        return float(weights @ missed / weights.sum())

    return draw


def _counts(generator: np.random.Generator, people: int) -> npt.NDArray[np.int64]:
    """How often each is drawn when as many are drawn as there are."""
    return np.bincount(generator.integers(people, size=people), minlength=people)
