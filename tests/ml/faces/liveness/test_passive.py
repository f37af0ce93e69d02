"""The hint about screens and prints: its file, what it looks at, and what is said of its errors."""

import json

import numpy as np
import pytest

from ml.errors import ArtifactError
from ml.evaluation import passive_check
from ml.faces.images import decode
from ml.faces.liveness.appearance import GROUPS, appearance
from ml.faces.liveness.passive import ATTACK_FROM, DEFAULT_PASSIVE_CHECK, Evidence, PassiveCheck, cut
from ml.types import Box
from tests.faces import SHARED
from verification import policy
from verification.models import Attempt

SIZE = sum(GROUPS.values())
CROPS = SHARED / "liveness" / "crops"
EVIDENCE = Evidence(sources=3, people=10, attacks=12, apcer=0.4, bpcer=0.3, auc=0.7)
needs_crops = pytest.mark.skipif(not CROPS.is_dir(), reason="needs the crops in ../shared/data/liveness")


@pytest.fixture
def check():
    rng = np.random.default_rng(3)
    return PassiveCheck(rng.normal(size=SIZE), rng.uniform(1, 2, SIZE), rng.normal(size=SIZE), 0.25)


def test_it_gives_the_same_answer_after_a_round_trip(check, tmp_path):
    check.save(tmp_path / "check.json", EVIDENCE)
    measures = np.random.default_rng(4).normal(size=(5, SIZE)).astype(np.float32)
    again = PassiveCheck.load(tmp_path / "check.json").probability(measures)
    assert again == pytest.approx(check.probability(measures), abs=1e-3)
    assert json.loads((tmp_path / "check.json").read_text())["evidence"]["apcer"] == 0.4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "artifact_missing"),
        ("no JSON", "artifact_incompatible"),
        ('{"offset": 0, "mean": [1], "scale": [1], "weights": [1]}', "artifact_incompatible"),
        ("{}", "artifact_incompatible"),
    ],
)
def test_it_refuses_a_file_that_is_no_check(tmp_path, content, code):
    path = tmp_path / "check.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ArtifactError) as refusal:
        PassiveCheck.load(path)
    assert refusal.value.code == code


def test_it_cuts_from_above_the_hair_to_the_chin():
    rgb = np.zeros((400, 300, 3), np.uint8)
    rgb[77:200, 104:196] = 255
    assert cut(rgb, Box(100, 100, 200, 200, 0.9)).min() == 255
    assert cut(rgb, Box(100, 100, 200, 200, 0.9)).shape == (123, 92, 3)


def test_it_cuts_what_is_within_the_picture():
    rgb = np.zeros((60, 50, 3), np.uint8)
    assert cut(rgb, Box(-20, -30, 90, 200, 0.9)).shape == (60, 50, 3)
    assert cut(rgb, Box(48, 10, 200, 70, 0.9)).size > 0


@needs_crops
def test_the_shipped_one_has_learned_its_sources():
    """Not how good it is elsewhere, which `evaluate_passive_check` says: only that the file is what it claims to be."""
    check, found = PassiveCheck.load(), {}
    for kind in ("bona_fide", "attack"):
        files = [
            path for source in sorted(CROPS.iterdir()) for path in sorted((source / kind).glob("*.jpg"))[::20]
        ]
        measures = np.stack([appearance(decode(path.read_bytes())) for path in files])
        found[kind] = np.mean(check.probability(measures) >= ATTACK_FROM)
    assert found["bona_fide"] < 0.1
    assert found["attack"] > 0.9


def test_staff_are_told_the_error_rates_that_its_file_has():
    evidence = json.loads(DEFAULT_PASSIVE_CHECK.read_text())["evidence"]
    words = dict(enumerate(["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]))
    told = Attempt._meta.get_field("attack_probability").help_text
    assert f"{words[round(10 * evidence['apcer'])]} attacks in ten for people" in told
    assert f"{words[round(10 * evidence['bpcer'])]} people in ten for attacks" in told
    assert policy.ATTACK_HINT_FROM == ATTACK_FROM


def test_the_means_of_the_sources_are_its_evidence():
    outcomes = [
        passive_check.Outcome(name, passive_check.RECIPES[0], 10, 20, apcer, bpcer, 0.2, auc)
        for name, apcer, bpcer, auc in (("a", 0.1, 0.3, 0.9), ("b", 0.3, 0.5, 0.7))
    ]
    assert passive_check.evidence(outcomes) == Evidence(2, 20, 40, 0.2, 0.4, 0.8)
