"""The threat model names tests; each must exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs" / "threat_model.md").read_text())))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda value: value)
def test_the_named_test_exists(path, name):
    assert f"def {name}(" in (ROOT / "tests" / path).read_text()


@pytest.mark.parametrize(
    "attack",
    [
        "photograph", "replayed video", "injected camera", "deepfake", "stolen session", "Hill climbing",
        "Enumeration", "Spraying", "Poisoned retraining", "stolen database", "insider",
    ],
)  # fmt: skip
def test_the_attack_is_treated(attack):
    assert attack in (ROOT / "docs" / "threat_model.md").read_text()
