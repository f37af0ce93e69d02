import keras
import numpy as np
import pytest

from ml.serving.artifacts import KERAS_FILE
from ml.siamese.layers import CosineSimilarity, UnitNorm
from ml.siamese.networks import NETWORKS
from ml.siamese.twin import siamese_twin

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def faces():
    return np.random.default_rng(5).uniform(-1, 1, (3, 112, 112, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def shipped(artifact):
    return keras.saving.load_model(artifact.directory / KERAS_FILE, compile=False, safe_mode=True)


@pytest.mark.parametrize("spec", NETWORKS.values(), ids=NETWORKS)
def test_it_builds_what_its_spec_says(spec):
    network = spec.build()
    assert network.input_shape == (None, *spec.input_spec.shape)
    assert network.output_shape == (None, spec.embedding_size)
    assert len(network.trainable_weights) == len(network.weights)


def test_mobilefacenet_has_the_published_number_of_parameters():
    assert NETWORKS["mobilefacenet"].build().count_params() == 1_292_992


def test_it_gives_float32_unit_embeddings(shipped, faces):
    embeddings = np.asarray(shipped(faces))
    assert embeddings.dtype == np.float32
    assert embeddings.shape == (3, 192)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_it_gives_the_same_after_saving_and_loading(shipped, faces, tmp_path):
    shipped.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(again(faces)), np.asarray(shipped(faces)))


def test_it_learns_through_the_twin():
    """A step on one pair brings the two embeddings closer: gradients reach the shared weights."""
    network = NETWORKS["mobilefacenet"].build()
    twin = siamese_twin(network, CosineSimilarity())
    assert len(twin.trainable_weights) == len(network.trainable_weights)
    generator = np.random.default_rng(6)
    pair = [generator.uniform(-1, 1, (1, 112, 112, 3)).astype(np.float32) for _ in range(2)]
    before = float(np.asarray(twin(pair)).item())
    twin.compile(optimizer=keras.optimizers.SGD(1e-3), loss=lambda _, similarity: 1 - similarity)
    twin.train_on_batch(pair, np.ones((1, 1), np.float32))
    assert float(np.asarray(twin(pair)).item()) > before


def test_the_twin_is_symmetric_and_certain_of_itself(shipped, faces):
    twin = siamese_twin(shipped, CosineSimilarity())
    left, right = faces[:2], faces[1:]
    np.testing.assert_allclose(np.asarray(twin([left, right])), np.asarray(twin([right, left])), atol=1e-6)
    np.testing.assert_allclose(np.asarray(twin([left, left])), 1, atol=1e-5)


@pytest.mark.parametrize(
    "layer", [UnitNorm(epsilon=1e-7), CosineSimilarity()], ids=["UnitNorm", "CosineSimilarity"]
)
def test_a_layer_survives_its_config(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_unit_norm_divides_by_the_length_and_spares_zero():
    normed = np.asarray(UnitNorm()(np.array([[3, 4], [0, 0]], np.float32)))
    np.testing.assert_allclose(normed, [[0.6, 0.8], [0.0, 0.0]], atol=1e-6)
