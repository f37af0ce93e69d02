"""Thresholds that mean something: one for each target false match rate and number of anchors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml.errors import CalibrationError


@dataclass(frozen=True, slots=True)
class Calibration:
    """The thresholds of one model for templates that are the mean of k anchors.

    Attributes:
        thresholds: For each target FMR, the similarity from which a comparison is a MATCH, for 1, 2, ... anchors.
        evidence: Where they come from: data, numbers of subjects and comparisons, which were measured.
    """

    thresholds: Mapping[float, tuple[float, ...]]
    evidence: Mapping[str, Any]

    def threshold(self, *, anchors: int, fmr: float = 1e-4) -> float:
        """Return the similarity from which a probe matches a template.

        Args:
            anchors: How many anchors the template is the mean of.
            fmr: Target false match rate of one comparison, a fraction; one of those calibrated.

        Raises:
            CalibrationError: `no_threshold` outside the table.
        """
        row = self.thresholds.get(fmr)
        if row is None:
            raise CalibrationError(
                "no_threshold", f"expected an FMR among {sorted(self.thresholds)}, got {fmr}"
            )
        if not 1 <= anchors <= len(row):
            raise CalibrationError("no_threshold", f"expected 1 to {len(row)} anchors, got {anchors}")
        return row[anchors - 1]

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "thresholds": {f"{fmr:g}": list(row) for fmr, row in self.thresholds.items()},
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Calibration":
        """Read a manifest's `calibration` part."""
        thresholds = {float(fmr): tuple(map(float, row)) for fmr, row in content["thresholds"].items()}
        return cls(thresholds=thresholds, evidence=content["evidence"])
