import json
import shutil

import pytest

from ml.config import DEFAULT_ARTIFACT
from ml.evaluation.model_card import model_card
from ml.serving.artifacts import MANIFEST, rewrite_manifest

RATES = {"fmr": 2e-4, "fmr_interval": [0, 3e-4], "fnmr": 0.02, "fnmr_interval": [0.01, 0.03]}
SIXTY_FOUR = {"kind": "face size", "name": "64 px"}
CONDITIONS = {
    "protocol": "conditions",
    "rule": "template_mean",
    "anchors": 3,
    "threshold": 0.5,
    "subjects": 600,
    "strangers": 1000,
    "rows": [
        {
            **SIXTY_FOUR,
            "refused": 0.07,
            "open": {**RATES, "people": 600, "strangers": 1000},
            "gated": {**RATES, "people": 560, "strangers": 930},
        }
    ],
    "must_hold": [{**SIXTY_FOUR, "fmr": 2e-4, "fmr_interval": [0, 3e-4], "limit": 3e-4, "holds": True}],
}
TEST = {
    "eer": {"value": 0.05, "interval": [0.04, 0.06]},
    "tar_at_fmr_0.01": {"value": 0.8, "interval": [0.7, 0.9]},
    "subjects": 40,
    "images": 160,
    "pairs": 3200,
}
TRAINING = {
    "loss": "contrastive",
    "options": {"epochs": 3, "seed": 20},
    "subjects": {"train": 300, "test": 40},
}


@pytest.fixture
def trained(tmp_path):
    """The shipped files with the manifest of a network that was trained here, by distance."""
    directory = shutil.copytree(DEFAULT_ARTIFACT, tmp_path / "trained-1")
    manifest = json.loads((directory / MANIFEST).read_text())
    del manifest["base"]
    rules = {"template_mean": {"0.01": [-0.9, -0.8], "0.001": [-0.7]}}
    evidence = {"data": "held-out people", "subjects": 30, "images": 120, "non_mated": 3480}
    manifest |= {
        "name": "trained-1",
        "comparator": "euclidean",
        "training": TRAINING,
        "parity": {"float16": 0.99999},
        "calibration": {"rules": rules, "evidence": {**evidence, "measured_anchors": 2}},
        "report": {"test": TEST, "conditions": CONDITIONS},
    }
    (directory / MANIFEST).write_text(json.dumps(manifest))
    return directory


def test_the_shipped_card_says_what_the_shipped_manifest_says():
    assert (DEFAULT_ARTIFACT / "MODEL_CARD.md").read_text() == model_card(DEFAULT_ARTIFACT)


def test_it_describes_a_network_trained_here(trained):
    card = model_card(trained)
    assert card.startswith("# trained-1\n")
    assert "the negated distance of the" in card
    assert "| Loss | contrastive |" in card
    assert "| People | 300 to train, 40 to test |" in card
    assert "| TAR at FMR 0.01 | 80.00% (70.00% to 90.00%) |" in card
    assert "npm" not in card


def test_it_shows_the_conditions_and_their_limit(trained):
    card = model_card(trained)
    assert "### By condition of the picture" in card
    assert "| face size: 64 px | 2.0e-04 (0 to 3e-04) | 0.0003 | yes |" in card


def test_it_tells_what_the_judging_showed(trained):
    rates = {name: {"value": 0.01, "interval": [0, 0.02]} for name in ("fmr", "fnmr", "fnmr_at_fmr")}
    counts = {"subjects": 60, "mated": 200, "non_mated": 9000}
    at = {"data": "the frozen half", "rule": "template_mean", "target_fmr": 1e-3, "threshold": 0.5}
    card = model_card(rewrite_manifest(trained, {"report": {"judged": rates | counts | at}}).directory)
    assert "Measured on the frozen half, with the rule `template_mean`" in card
    assert "| FNMR at FMR 0.001 | 1.00% (0.00% to 2.00%) |" in card
    assert "TAR at FMR" not in card


def test_it_tells_measured_thresholds_from_bounded_ones(trained):
    card = model_card(trained)
    assert "All of them are measured." in card
    assert "| 0.001 | -0.7000 |  |" in card
    assert "they are bounded from above" in model_card(DEFAULT_ARTIFACT)


def test_it_says_when_there_is_no_threshold(trained):
    manifest = json.loads((trained / MANIFEST).read_text())
    manifest |= {"calibration": {"rules": {}, "evidence": {}}, "report": {}}
    (trained / MANIFEST).write_text(json.dumps(manifest))
    card = model_card(trained)
    assert "None: the model has not been calibrated." in card
    assert "## Figures" not in card
