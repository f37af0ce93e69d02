import keras
import numpy as np
import pytest

from ml.errors import ArtifactError
from ml.serving.artifacts import KERAS_FILE, LITE_FILE
from ml.siamese.layers import UnitNorm
from ml.training import export

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def faces():
    return np.random.default_rng(7).uniform(-1, 1, (4, 112, 112, 3)).astype(np.float32)


def build():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3), name="face")
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    x = keras.layers.PReLU(shared_axes=[1, 2], name="prelu")(x)
    x = keras.layers.Dense(6, name="embedding")(keras.layers.Flatten(name="flatten")(x))
    return keras.Model(inputs, UnitNorm(name="unit_norm")(x), name="small")


@pytest.fixture
def small():
    return build()


def test_the_shipped_forms_agree(artifact, faces):
    network = keras.saving.load_model(artifact.directory / KERAS_FILE, compile=False)
    assert export.parity(network, artifact.read(LITE_FILE), faces) > 0.9999


def test_it_converts_without_loss_in_float32(small):
    faces = np.random.default_rng(8).uniform(-1, 1, (3, 8, 8, 3)).astype(np.float32)
    assert export.parity(small, export.to_tflite(small, half_precision=False), faces) > 0.999999


def test_it_saves_the_same_network_as_the_same_bytes(small, tmp_path):
    export.save_keras(small, tmp_path / "a.keras")
    export.save_keras(build(), tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    faces = np.ones((1, 8, 8, 3), np.float32)
    again = keras.saving.load_model(tmp_path / "a.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(again(faces)), np.asarray(small(faces)))


@pytest.mark.parametrize("cosine", [0.99, float("nan")])
def test_it_refuses_a_conversion_that_changed_the_network(cosine):
    with pytest.raises(ArtifactError):
        export.check_parity(cosine, at_least=0.9999)
