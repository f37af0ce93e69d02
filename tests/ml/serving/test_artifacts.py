import hashlib
import json
import shutil

import pytest

from ml.config import CALIBRATED_FMRS
from ml.errors import ArtifactError, CalibrationError
from ml.serving.artifacts import COMPARATOR_FILE, KERAS_FILE, LITE_FILE, MANIFEST, Artifact
from ml.serving.calibration import Calibration
from ml.siamese.comparators import WeightedL1Comparator
from ml.siamese.rules import RULES
from tests.artifacts import SIZE, small_artifact

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def copy(artifact, tmp_path):
    return shutil.copytree(artifact.directory, tmp_path / "copy")


@pytest.fixture
def learned(tmp_path):
    """A model whose comparator was learned."""
    return small_artifact(tmp_path / "koch-1", "koch4096", thresholds=(0.9, 0.91))


def refusal(directory):
    with pytest.raises(ArtifactError) as caught:
        Artifact.load(directory)
    return caught.value.code


def edit(directory, **changes):
    path = directory / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_it_loads_the_shipped_model(artifact):
    assert artifact.network == "mobilefacenet"
    assert artifact.embedding_size == 192
    assert artifact.input_spec.shape == (112, 112, 3)
    assert artifact.comparator.name == "cosine"
    assert len(artifact.digest) == 64
    assert artifact.report["lfw"]["accuracy"] > 0.99


def test_it_knows_a_copy_by_its_digest(artifact, copy):
    assert Artifact.load(copy).digest == artifact.digest


@pytest.mark.parametrize("name", [KERAS_FILE, LITE_FILE])
def test_it_refuses_an_altered_file(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    assert refusal(copy) == "artifact_altered"


@pytest.mark.parametrize("name", [KERAS_FILE, LITE_FILE, MANIFEST])
def test_it_refuses_a_missing_file(copy, name):
    (copy / name).unlink()
    assert refusal(copy) == "artifact_missing"


def test_it_notices_a_file_altered_after_loading(copy):
    loaded = Artifact.load(copy)
    (copy / LITE_FILE).write_bytes(b"something else")
    with pytest.raises(ArtifactError):
        loaded.read(LITE_FILE)


@pytest.mark.parametrize(
    "changes",
    [{"format_version": 1}, {"input_spec": {"rows": 1}}, {"files": {}}, {"calibration": None}],
    ids=["version", "input spec", "files", "calibration"],
)
def test_it_refuses_a_manifest_it_cannot_read(copy, changes):
    edit(copy, **changes)
    assert refusal(copy) == "artifact_incompatible"


def test_it_refuses_an_unknown_comparator(copy):
    edit(copy, comparator="guess")
    assert refusal(copy) == "artifact_incompatible"


@pytest.mark.parametrize("text", ["", "[]", "not json"])
def test_it_refuses_what_is_no_manifest(copy, text):
    (copy / MANIFEST).write_text(text)
    assert refusal(copy) == "artifact_incompatible"


def test_it_brings_a_learned_comparator(learned):
    loaded = Artifact.load(learned)
    assert loaded.comparator.size == loaded.embedding_size == SIZE
    # Three for equal embeddings, minus one for each component that differs by one.
    assert loaded.comparator.similarity([2] * SIZE, [1] * 3 + [2] * (SIZE - 3)) == pytest.approx(0.5)


@pytest.mark.parametrize("content", [b"", b"something else"])
def test_it_refuses_altered_weights_of_a_comparator(learned, content):
    (learned / COMPARATOR_FILE).write_bytes(content)
    assert refusal(learned) == "artifact_altered"


def test_it_refuses_missing_weights_of_a_comparator(learned):
    (learned / COMPARATOR_FILE).unlink()
    assert refusal(learned) == "artifact_missing"


def test_it_needs_a_digest_of_the_weights(learned):
    files = json.loads((learned / MANIFEST).read_text())["files"]
    edit(learned, files={name: facts for name, facts in files.items() if name != COMPARATOR_FILE})
    assert refusal(learned) == "artifact_incompatible"


def test_it_refuses_weights_for_other_embeddings(learned):
    WeightedL1Comparator([1, 2, 3], 0).save(learned / COMPARATOR_FILE)
    digest = hashlib.sha256((learned / COMPARATOR_FILE).read_bytes()).hexdigest()
    files = json.loads((learned / MANIFEST).read_text())["files"]
    edit(learned, files=files | {COMPARATOR_FILE: {"sha256": digest, "bytes": 0}})
    assert refusal(learned) == "artifact_incompatible"


def test_its_thresholds_rise_with_anchors_and_with_strictness(artifact):
    thresholds = artifact.calibration.threshold
    for anchors in range(1, 11):
        row = [thresholds(anchors=anchors, fmr=fmr) for fmr in (1e-2, 1e-3, 1e-4)]
        assert row == sorted(row)
        assert 0 < row[0] < row[-1] < 1
    for fmr in (1e-2, 1e-3, 1e-4):
        row = [thresholds(anchors=anchors, fmr=fmr) for anchors in range(1, 11)]
        assert row == sorted(row)


@pytest.mark.parametrize("rule", RULES)
def test_it_is_calibrated_for_every_rule(artifact, rule):
    for anchors in range(1, 11):
        row = [artifact.calibration.threshold(anchors=anchors, fmr=fmr, rule=rule) for fmr in CALIBRATED_FMRS]
        assert row == sorted(row)
    # One anchor leaves nothing to choose.
    assert artifact.calibration.threshold(anchors=1, rule=rule) == artifact.calibration.threshold(anchors=1)


@pytest.mark.parametrize(
    "asked",
    [
        {"anchors": 0},
        {"anchors": 11},
        {"anchors": -1},
        {"anchors": 3, "fmr": 0.5},
        {"anchors": 3, "rule": "majority"},
    ],
)
def test_it_has_no_threshold_beyond_its_table(artifact, asked):
    with pytest.raises(CalibrationError) as caught:
        artifact.calibration.threshold(**asked)
    assert caught.value.code == "no_threshold"


def test_a_calibration_survives_json():
    calibration = Calibration(
        {"template_mean": {1e-3: (0.4, 0.5)}, "best_anchor": {1e-3: (0.4, 0.6)}}, {"subjects": 3}
    )
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration
