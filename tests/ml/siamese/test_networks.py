import keras
import numpy as np
import pytest

from ml.serving.artifacts import KERAS_FILE
from ml.siamese.layers import CosineSimilarity, EuclideanDistance, L1Distance, SameProbability, UnitNorm
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


def test_mobilefacenet_has_the_published_number_of_parameters():
    network = NETWORKS["mobilefacenet"].build()
    assert network.count_params() == 1_292_992
    assert len(network.trainable_weights) == len(network.weights)


def test_koch4096_has_the_layers_of_the_paper():
    """Its feature maps shrink by valid convolutions and pooling: 105, 96, 48, 42, 21, 18, 9, 6, as in figure 4.

    Parameters: 64 (10*10*1 + 1) + 128 (7*7*64 + 1) + 128 (4*4*128 + 1) + 256 (4*4*128 + 1) + 4096 (6*6*256 + 1).
    """
    network = NETWORKS["koch4096"].build()
    sizes = [layer.output.shape[1:3] for layer in network.layers if "block" in layer.name]
    assert sizes == [(side, side) for side in (96, 48, 42, 21, 18, 9, 6)]
    assert network.count_params() == 6_464 + 401_536 + 262_272 + 524_544 + 37_752_832
    assert len(network.losses) == 5


@pytest.mark.parametrize("name", ["contrastive48", "koch4096"])
def test_a_network_survives_saving_in_safe_mode(name, tmp_path):
    keras.utils.set_random_seed(4)
    network = NETWORKS[name].build()
    faces = np.random.default_rng(5).uniform(0, 1, (2, *NETWORKS[name].input_spec.shape)).astype(np.float32)
    network.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(again(faces)), np.asarray(network(faces)))


def test_contrastive48_gives_unit_embeddings():
    faces = np.random.default_rng(5).uniform(-1, 1, (3, 62, 47, 1)).astype(np.float32)
    embeddings = np.asarray(NETWORKS["contrastive48"].build()(faces))
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_koch4096_starts_where_its_sigmoids_have_a_slope():
    faces = np.random.default_rng(5).uniform(0, 1, (2, 105, 105, 1)).astype(np.float32)
    embeddings = np.asarray(NETWORKS["koch4096"].build()(faces))
    assert ((embeddings > 0.02) & (embeddings < 0.98)).mean() > 0.9


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
    "layer",
    [
        UnitNorm(epsilon=1e-7),
        CosineSimilarity(),
        EuclideanDistance(epsilon=1e-7),
        L1Distance(),
        SameProbability(name="same"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_survives_its_config(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_unit_norm_divides_by_the_length_and_spares_zero():
    normed = np.asarray(UnitNorm()(np.array([[3, 4], [0, 0]], np.float32)))
    np.testing.assert_allclose(normed, [[0.6, 0.8], [0.0, 0.0]], atol=1e-6)


def test_distances_are_those_of_the_plane():
    """From (0, 0) to (3, -4): 5 as the crow flies, 3 and 4 along the axes. From a point to itself: nothing."""
    left, right = np.zeros((2, 2), np.float32), np.array([[3, -4], [0, 0]], np.float32)
    np.testing.assert_allclose(np.asarray(EuclideanDistance()(left, right)), [[5], [0]], atol=1e-4)
    np.testing.assert_allclose(np.asarray(L1Distance()(left, right)), [[3, 4], [0, 0]])


@pytest.mark.parametrize("head", [CosineSimilarity, EuclideanDistance, L1Distance, SameProbability])
def test_a_twin_survives_saving_in_safe_mode(head, tmp_path):
    inputs = keras.Input((2, 2, 1))
    twin = siamese_twin(keras.Model(inputs, UnitNorm()(keras.layers.Flatten()(inputs))), head())
    pair = [np.random.default_rng(seed).uniform(0, 1, (3, 2, 2, 1)).astype(np.float32) for seed in (1, 2)]
    twin.save(tmp_path / "twin.keras")
    again = keras.saving.load_model(tmp_path / "twin.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(again(pair)), np.asarray(twin(pair)))
