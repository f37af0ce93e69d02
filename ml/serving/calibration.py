"""Thresholds that mean something: one for each decision rule, target false match rate and number of anchors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml.errors import CalibrationError
from ml.siamese.rules import TEMPLATE_MEAN

Thresholds = Mapping[float, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The thresholds of one model.

    Attributes:
        rules: For each decision rule and target FMR, the score from which a probe is a MATCH, for 1, 2, ... anchors.
        evidence: Where they come from: data, numbers of subjects and comparisons, which were measured.
    """

    rules: Mapping[str, Thresholds]
    evidence: Mapping[str, Any]

    def threshold(self, *, anchors: int, fmr: float = 1e-4, rule: str = TEMPLATE_MEAN) -> float:
        """Return the score from which a probe matches.

        Args:
            anchors: How many anchors it is compared with.
            fmr: Target false match rate of the whole decision, a fraction; one of those calibrated.
            rule: How the anchors decide, a name of `ml.siamese.rules`.

        Raises:
            CalibrationError: `no_threshold` outside the table.
        """
        table = self.rules.get(rule)
        if table is None:
            raise CalibrationError(
                "no_threshold", f"expected a rule among {sorted(self.rules)}, got {rule!r}"
            )
        row = table.get(fmr)
        if row is None:
            raise CalibrationError("no_threshold", f"expected an FMR among {sorted(table)}, got {fmr}")
        if not 1 <= anchors <= len(row):
            raise CalibrationError("no_threshold", f"expected 1 to {len(row)} anchors, got {anchors}")
        return row[anchors - 1]

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "rules": {
                rule: {f"{fmr:g}": list(row) for fmr, row in table.items()}
                for rule, table in self.rules.items()
            },
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Calibration":
        """Read a manifest's `calibration` part."""
        rules = {
            rule: {float(fmr): tuple(map(float, row)) for fmr, row in table.items()}
            for rule, table in content["rules"].items()
        }
        return cls(rules=rules, evidence=content["evidence"])
