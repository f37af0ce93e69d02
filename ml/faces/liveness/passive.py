"""Does a picture look like a screen or a print? A hint for staff, which refuses nobody.

Logistic regression on `appearance`, learned by `manage.py evaluate_passive_check --out`. How often it errs on cameras
that it did not learn from stands in its file, and in `docs/liveness.md`.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from ml.errors import ArtifactError
from ml.faces.liveness.appearance import GROUPS, appearance
from ml.types import Box, Floats, Picture, Rates

DEFAULT_PASSIVE_CHECK = Path(__file__).with_name("passive_check.json")
# From this probability on a picture counts as an attack; the rates in its file are those at this point.
ATTACK_FROM = 0.5
# The pictures it learned from reach from above the hair to the chin: shares of the detector's box beyond its edges.
ABOVE, BESIDE = 0.23, -0.04


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the way this check was learned does on cameras that it never saw: the mean of the sources left out in turn.

    Attributes:
        sources: How many cameras and authors there were.
        people: Number of pictures of faces.
        attacks: Number of pictures of screens and prints.
        apcer: Share of the attacks taken for people (ISO/IEC 30107-3).
        bpcer: Share of the people taken for attacks.
        auc: Area under the ROC.
    """

    sources: int
    people: int
    attacks: int
    apcer: float
    bpcer: float
    auc: float


@dataclass(frozen=True, slots=True)
class PassiveCheck:
    """Logistic regression on scaled measures: float64 (d,) each, and the offset of the log odds."""

    mean: Rates
    scale: Rates
    weights: Rates
    offset: float

    @classmethod
    def load(cls, path: Path = DEFAULT_PASSIVE_CHECK) -> "PassiveCheck":
        """Read a check that `save` wrote.

        Raises:
            ArtifactError: `artifact_missing`, or `artifact_incompatible` if it is no check for these measures.
        """
        try:
            content = json.loads(path.read_text())
            vectors = {name: np.asarray(content[name], np.float64) for name in ("mean", "scale", "weights")}
            offset = float(content["offset"])
        except FileNotFoundError as error:
            raise ArtifactError("artifact_missing", f"expected a passive check at {path}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError("artifact_incompatible", f"{path} is no passive check: {error}") from error
        expected = (sum(GROUPS.values()),)
        if any(vector.shape != expected or not np.isfinite(vector).all() for vector in vectors.values()):
            raise ArtifactError("artifact_incompatible", f"expected vectors of {expected} numbers in {path}")
        return cls(**vectors, offset=offset)

    def save(self, path: Path, evidence: Evidence) -> None:
        """Write it as JSON, beside what is known of its errors."""
        vectors = {
            field.name: [float(f"{number:.5g}") for number in getattr(self, field.name)]
            for field in fields(self)
            if field.name != "offset"
        }
        content = {"evidence": asdict(evidence), "offset": self.offset} | vectors
        path.write_text(json.dumps(content, indent=1) + "\n")

    def probability(self, measures: Floats) -> Rates:
        """The probabilities (n,) that pictures measured as (n, d) show a screen or a print."""
        logit = (measures - self.mean) / self.scale @ self.weights + self.offset
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))))

    def of_face(self, rgb: Picture, box: Box) -> float:
        """The probability that this picture's face is on a screen or a print, in [0, 1].

        Args:
            rgb: Uint8 (height, width, 3), the whole picture.
            box: The face, as the detector gives it.
        """
        return float(self.probability(appearance(cut(rgb, box))[None])[0])


def cut(rgb: Picture, box: Box) -> Picture:
    """Cut a face out as in the pictures that the check learned from: from above the hair to the chin.

    Args:
        rgb: Uint8 (height, width, 3).
        box: The face, as the detector gives it; what reaches beyond the picture is left out.
    """
    width, height = box.x_max - box.x_min, box.y_max - box.y_min
    top = int(np.clip(round(box.y_min - ABOVE * height), 0, rgb.shape[0] - 1))
    left = int(np.clip(round(box.x_min - BESIDE * width), 0, rgb.shape[1] - 1))
    bottom, right = round(box.y_max), round(box.x_max + BESIDE * width)
    return rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
