"""What a score means: the probability that two faces are one person's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class ProbabilityCalibration:
    """A logistic curve over the similarity (Platt, 1999): `P(same) = 1 / (1 + exp(-(slope * s + intercept)))`.

    The probability is stated for **even odds**: before the faces are looked at, same and different are held equally
    likely. Where strangers are rarer or more frequent than that, the true probability is another one.

    Attributes:
        slope: Per unit of similarity; positive, as higher is closer.
        intercept: The log odds at similarity 0.
    """

    slope: float
    intercept: float

    def probability(self, similarity: float) -> float:
        """Return the probability, in [0, 1], that a comparison of this similarity is mated, at even odds."""
        log_odds = np.clip(self.slope * similarity + self.intercept, -60, 60)
        return float(1 / (1 + np.exp(-log_odds)))

    def to_json(self) -> dict[str, float]:
        """Return what `from_json` reads."""
        return {"slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "ProbabilityCalibration":
        """Read what `to_json` wrote; other entries are ignored."""
        return cls(slope=float(content["slope"]), intercept=float(content["intercept"]))
