import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from ml.config import DEFAULT_ARTIFACT
from ml.errors import CalibrationError, TrainingError
from ml.faces.images import encode_jpeg
from ml.serving.artifacts import KERAS_FILE, Artifact
from ml.serving.pipeline import FacePipeline
from ml.siamese.comparators import EuclideanComparator
from ml.training.runs import RECIPES, TrainingRequest, train

from .conftest import drawn_people

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

QUICK = replace(RECIPES["contrastive48"].options, epochs=1, batch=32)


def write(people, root):
    for file, face in zip(people.files, people.faces, strict=True):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(encode_jpeg(face))
    return root


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Sixty people: 36 to learn from, 12 to stop and calibrate on, 12 to measure on."""
    return write(drawn_people(60, 3), tmp_path_factory.mktemp("sixty"))


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
    assert -2 <= artifact.calibration.threshold(anchors=1, fmr=1e-2) <= 0
    with pytest.raises(CalibrationError):  # 12 people are too few for one false match in a thousand
        artifact.calibration.threshold(anchors=1, fmr=1e-3)


def test_it_writes_curves_history_and_figures(trained):
    assert (trained / "curves.png").read_bytes().startswith(b"\x89PNG")
    history = json.loads((trained / "history.json").read_text())
    assert len(history["epochs"]) == 2
    assert history["test_loss"] > 0
    report = json.loads((trained / "report.json").read_text())
    assert report["subjects"] == {"train": 36, "validation": 12, "test": 12}
    low, high = report["test"]["auc"]["interval"]
    assert 0 <= low <= report["test"]["auc"]["value"] <= high <= 1


def test_it_writes_the_model_card(trained):
    card = (trained / "MODEL_CARD.md").read_text()
    assert card.startswith("# small-1\n")
    assert "36 to train, 12 to validation, 12 to test" in card


def test_the_network_it_writes_loads_in_safe_mode(trained):
    network = keras.saving.load_model(trained / KERAS_FILE, safe_mode=True)
    assert network.output_shape == (None, 48)


def test_a_finished_training_resumes_to_the_same_network(trained, data):
    before = (trained / KERAS_FILE).read_bytes()
    options = replace(RECIPES["contrastive48"].options, epochs=2, batch=32)
    train(TrainingRequest("contrastive48", data, options=options), trained, resume=True)
    assert (trained / KERAS_FILE).read_bytes() == before


class Killed(Exception):
    """Stands for a kill."""


def test_a_killed_training_is_exported_without_training_on(data, tmp_path):
    def kill(progress):
        if progress.epoch == 2:
            raise Killed

    options = replace(QUICK, epochs=5)
    with pytest.raises(Killed):
        train(TrainingRequest("contrastive48", data, options=options), tmp_path, progress=kill)
    steps = []
    report = train(
        TrainingRequest("contrastive48", data, options=QUICK), tmp_path, resume=True, progress=steps.append
    )
    assert steps == []
    assert len(report["history"]["epochs"]) == 1
    assert Artifact.load(tmp_path).network == "contrastive48"


def test_a_learned_comparator_is_part_of_the_artifact(data, tmp_path):
    request = TrainingRequest("contrastive48", data, loss="binary_crossentropy", options=QUICK)
    assert train(request, tmp_path / "learned-1")["comparator"] == "weighted_l1"
    pipeline = FacePipeline.load(tmp_path / "learned-1")
    faces = [pipeline.embedder.embed(drawn_people(1).faces[n, 8:-8, 8:-8]) for n in range(2)]
    probability = pipeline.artifact.comparator.similarity(*faces)
    assert 0 < probability < 1
    # With the learned comparator's own scores, for the measured numbers of anchors alone.
    assert 0 < pipeline.artifact.calibration.threshold(anchors=2, fmr=1e-2) < 1.001
    with pytest.raises(CalibrationError):
        pipeline.artifact.calibration.threshold(anchors=4, fmr=1e-2)


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


def test_it_leaves_a_training_that_is_there_alone(trained, data):
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}
    with pytest.raises(CommandError, match=r"^training_exists: .* resume it"):
        call_command("train_model", network="contrastive48", data=data, out=trained)
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == before


def test_it_leaves_a_killed_training_alone(data, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "checkpoint.npz").write_bytes(b"an epoch")
    with pytest.raises(TrainingError) as caught:
        train(TrainingRequest("contrastive48", data, options=QUICK), tmp_path)
    assert caught.value.code == "training_exists"
    assert [path.name for path in tmp_path.rglob("*.npz")] == ["checkpoint.npz"]


def test_it_has_to_have_begun_to_resume(data, tmp_path):
    with pytest.raises(TrainingError) as caught:
        train(TrainingRequest("contrastive48", data, options=QUICK), tmp_path, resume=True)
    assert caught.value.code == "checkpoint_missing"


def no_folder(root):
    return root / "nowhere"


def empty(root):
    root.mkdir()
    return root


def one_person(root):
    return write(drawn_people(1), root)


def one_picture_of_somebody(root):
    write(drawn_people(60, 3), root)
    for picture in sorted((root / "0007").iterdir())[1:]:
        picture.unlink()
    return root


def a_corrupt_picture(root):
    write(drawn_people(60, 3), root)
    (root / "0007" / "1.jpg").write_bytes(b"no picture")
    return root


def a_picture_of_another_size(root):
    write(drawn_people(60, 3), root)
    (root / "0007" / "1.jpg").write_bytes(encode_jpeg(np.zeros((90, 80, 3), np.uint8)))
    return root


def too_few_for_a_threshold(root):
    return write(drawn_people(20, 3), root)


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (no_folder, "dataset_missing", "nowhere"),
        (empty, "dataset_missing", "found none"),
        (one_person, "dataset_too_small", "at least 2 people"),
        (one_picture_of_somebody, "dataset_too_small", "2 pictures of 0007"),
        (a_corrupt_picture, "dataset_unreadable", "0007/1.jpg"),
        (a_picture_of_another_size, "dataset_unreadable", "80 x 90"),
        (too_few_for_a_threshold, "too_few_subjects", "300 comparisons"),
    ],
)
def test_the_command_refuses_bad_data_before_it_trains(make, code, words, tmp_path):
    with pytest.raises(CommandError) as caught:
        call_command(
            "train_model", network="contrastive48", data=make(tmp_path / "people"), out=tmp_path / "out"
        )
    assert str(caught.value).startswith(f"{code}: ")
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()
