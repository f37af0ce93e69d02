"""The few facts that every part of the package shares."""

import os
from pathlib import Path

ARTIFACTS = Path(__file__).parent / "artifacts"
DEFAULT_ARTIFACT = ARTIFACTS / "mobilefacenet-base-1"

CALIBRATED_FMRS = (1e-2, 1e-3, 1e-4, 1e-5)
MAX_ANCHORS = 10
SEED = 20
# A second thread saves a quarter to a half of one extraction; a third saves little.
THREADS = min(2, os.cpu_count() or 1)
