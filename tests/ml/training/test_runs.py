import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from ml.config import DEFAULT_ARTIFACT
from ml.errors import DatasetError, TrainingError
from ml.evaluation.metrics import Comparisons, error_curve
from ml.faces.images import encode_jpeg
from ml.serving.artifacts import KERAS_FILE, Artifact
from ml.siamese.comparators import CosineComparator, EuclideanComparator, WeightedL1Comparator
from ml.training.reports import area_under_roc, calibrate
from ml.training.runs import RECIPES, TrainingRequest, train

from .conftest import drawn_people

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

QUICK = replace(RECIPES["contrastive48"].options, epochs=1, batch=32)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Thirty people: 24 to learn from, 3 to stop and calibrate on, 3 to measure on."""
    root = tmp_path_factory.mktemp("thirty")
    people = drawn_people(30, 3)
    for file, face in zip(people.files, people.faces, strict=True):
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_bytes(encode_jpeg(face))
    return root


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A contrastive48 made by the command."""
    out = tmp_path_factory.mktemp("models") / "small-1"
    call_command("train_model", network="contrastive48", data=data, out=out, epochs=2, batch=32, verbosity=0)
    return out


def test_it_writes_an_artifact(trained):
    artifact = Artifact.load(trained)
    assert (artifact.name, artifact.network, artifact.embedding_size) == ("small-1", "contrastive48", 48)
    assert isinstance(artifact.comparator, EuclideanComparator)
    strict, loose = (artifact.calibration.threshold(anchors=1, fmr=fmr) for fmr in (1e-4, 1e-2))
    assert -2 <= loose <= strict <= 0


def test_it_writes_curves_history_and_figures(trained):
    assert (trained / "curves.png").read_bytes().startswith(b"\x89PNG")
    history = json.loads((trained / "history.json").read_text())
    assert len(history["epochs"]) == 2
    assert history["test_loss"] > 0
    report = json.loads((trained / "report.json").read_text())
    assert report["subjects"] == {"train": 24, "validation": 3, "test": 3}
    low, high = report["test"]["auc"]["interval"]
    assert 0 <= low <= report["test"]["auc"]["value"] <= high <= 1


def test_the_network_it_writes_loads_in_safe_mode(trained):
    network = keras.saving.load_model(trained / KERAS_FILE, safe_mode=True)
    assert network.output_shape == (None, 48)


def test_a_finished_training_resumes_to_the_same_network(trained, data):
    before = (trained / KERAS_FILE).read_bytes()
    options = replace(RECIPES["contrastive48"].options, epochs=2, batch=32)
    train(TrainingRequest("contrastive48", data, options=options), trained, resume=True)
    assert (trained / KERAS_FILE).read_bytes() == before


def test_a_learned_comparator_lies_beside_its_network(data, tmp_path):
    request = TrainingRequest("contrastive48", data, loss="binary_crossentropy", options=QUICK)
    report = train(request, tmp_path)
    assert report["comparator"] == "weighted_l1"
    learned = WeightedL1Comparator.load(tmp_path / "comparator.npz")
    assert 0 < learned.similarity(np.eye(48)[0], np.eye(48)[1]) < 1
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"network": "guess"}, "unknown_network"),
        ({"network": "koch4096", "loss": "batch_hard"}, "unknown_loss"),
        ({"start": DEFAULT_ARTIFACT}, "unknown_network"),
    ],
)
def test_it_refuses_what_does_not_fit(data, tmp_path, change, code):
    with pytest.raises(TrainingError) as caught:
        train(replace(TrainingRequest("contrastive48", data), **change), tmp_path)
    assert caught.value.code == code


def test_it_has_to_have_begun_to_resume(data, tmp_path):
    with pytest.raises(TrainingError) as caught:
        train(TrainingRequest("contrastive48", data, options=QUICK), tmp_path, resume=True)
    assert caught.value.code == "checkpoint_missing"


def test_it_refuses_too_few_people(data, tmp_path):
    with pytest.raises(DatasetError):
        train(TrainingRequest("contrastive48", data, limit_subjects=5), tmp_path)


def test_the_command_says_what_is_wrong(tmp_path):
    with pytest.raises(CommandError, match="dataset_missing"):
        call_command("train_model", network="contrastive48", data=tmp_path, out=tmp_path / "out")


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    """Mated 3, 1; non-mated 2, 1: of four combinations 3 > 2, 3 > 1 are right, 1 = 1 is half, 1 < 2 is wrong."""
    comparisons = Comparisons.of([3, 1, 2, 1], [True, True, False, False], np.zeros((4, 2)))
    assert area_under_roc(error_curve(comparisons)) == pytest.approx(2.5 / 4)


def test_distances_are_calibrated_as_strictly_as_cosines(two_sources):
    rows = np.random.default_rng(3).normal(size=(len(two_sources.faces), 6))
    embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    by_cosine = calibrate(two_sources, embeddings, CosineComparator())
    by_distance = calibrate(two_sources, embeddings, EuclideanComparator())
    assert by_cosine.evidence["subjects"] == 9
    cosine, distance = by_cosine.threshold(anchors=2, fmr=1e-2), by_distance.threshold(anchors=2, fmr=1e-2)
    assert distance >= -np.sqrt(2 - 2 * min(cosine, 1)) > distance - 2e-4
