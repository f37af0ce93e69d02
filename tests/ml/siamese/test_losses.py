import keras
import numpy as np
import pytest
import tensorflow as tf

from ml.siamese import losses

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# Points of the unit circle at 0, 60, 90 and 180 degrees: distances 1 (0-60), sqrt 2 (0-90), 2 (0-180),
# 2 sin 15 degrees = 0.5176 (60-90), sqrt 3 (60-180), sqrt 2 (90-180).
CIRCLE = np.array([[1, 0], [0.5, np.sqrt(0.75)], [0, 1], [-1, 0]], np.float32)


def test_contrastive_pulls_mated_pairs_and_pushes_near_strangers():
    """Margin 1: mated at 0.5 costs 0.125; strangers at 0.4 cost 0.36 / 2 = 0.18; strangers at 1.2 cost nothing."""
    loss = losses.contrastive(tf.constant([0.5, 0.4, 1.2]), tf.constant([1.0, 0.0, 0.0]), margin=1.0)
    assert float(loss) == pytest.approx((0.125 + 0.18) / 3)


def test_contrastive_falls_with_the_distance_of_mated_pairs_only():
    """The slope is d for a mated pair, -(margin - d) for a stranger within the margin, each over n = 2."""
    distance = tf.Variable([0.3, 0.6])
    with tf.GradientTape() as tape:
        loss = losses.contrastive(distance, tf.constant([1.0, 0.0]), margin=1.0)
    np.testing.assert_allclose(tape.gradient(loss, distance), [0.15, -0.2], atol=1e-6)


def test_binary_crossentropy_is_the_surprise():
    """-ln 0.8 for the mated pair, -ln(1 - 0.3) for the strangers."""
    loss = losses.binary_crossentropy(tf.constant([0.8, 0.3]), tf.constant([1.0, 0.0]))
    assert float(loss) == pytest.approx(-(np.log(0.8) + np.log(0.7)) / 2, rel=1e-5)


def test_binary_crossentropy_stays_finite_at_certain_errors():
    loss = losses.binary_crossentropy(tf.constant([0.0, 1.0]), tf.constant([1.0, 0.0]))
    assert 15 < float(loss) < 17


def test_batch_hard_takes_the_farthest_positive_and_the_nearest_negative():
    """People: A at 0 and 90 degrees, B at 60 and 180; margin 0.3.

    A at 0: 0.3 + sqrt 2 - 1; A at 90: 0.3 + sqrt 2 - 0.5176; B at 60: 0.3 + sqrt 3 - 0.5176;
    B at 180: 0.3 + sqrt 3 - sqrt 2.
    """
    root2, root3, near = np.sqrt(2), np.sqrt(3), 2 * np.sin(np.radians(15))
    expected = 0.3 + (root2 - 1 + root2 - near + root3 - near + root3 - root2) / 4
    loss = losses.batch_hard_triplet(CIRCLE, tf.constant([0, 1, 0, 1]), margin=0.3)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_batch_hard_leaves_out_who_has_no_positive():
    """A at 0 and 60 degrees, B at 90, C at 180: only A's two count.

    A at 0: 0.3 + 1 - sqrt 2, below zero; A at 60: 0.3 + 1 - 0.5176.
    """
    loss = losses.batch_hard_triplet(CIRCLE, tf.constant([0, 0, 1, 2]), margin=0.3)
    assert float(loss) == pytest.approx((1.3 - 2 * np.sin(np.radians(15))) / 2, rel=1e-5)


def test_semi_hard_takes_the_nearest_negative_beyond_the_positive():
    """A at 0 and 60 degrees, B at 90 and 180; squared distances, margin 0.2.

    A 0 -> 60 (1): beyond it B at 90 (2) is nearest: 0.2 + 1 - 2 < 0, nothing.
    A 60 -> 0 (1): B at 90 (0.268) is nearer, B at 180 (3) beyond: nothing.
    B 90 -> 180 (2): A at 0 (2) is not beyond, A at 60 (0.268) neither; farthest of all is A at 0: 0.2 + 2 - 2 = 0.2.
    B 180 -> 90 (2): beyond it A at 60 (3) is nearest: 0.2 + 2 - 3 < 0, nothing.
    """
    loss = losses.semi_hard_triplet(CIRCLE, tf.constant([0, 0, 1, 1]), margin=0.2)
    assert float(loss) == pytest.approx(0.2 / 4, rel=1e-4)


@pytest.mark.parametrize("loss", [losses.batch_hard_triplet, losses.semi_hard_triplet])
@pytest.mark.parametrize("subjects", [[0, 0, 0, 0], [0, 1, 2, 3]], ids=["one person", "no positives"])
def test_triplets_cost_nothing_where_there_are_none(loss, subjects):
    embeddings = tf.Variable(CIRCLE)
    with tf.GradientTape() as tape:
        value = loss(embeddings, tf.constant(subjects))
    assert float(value) == 0
    assert np.isfinite(tf.convert_to_tensor(tape.gradient(value, embeddings))).all()


@pytest.mark.parametrize("loss", [losses.batch_hard_triplet, losses.semi_hard_triplet])
def test_triplets_of_equal_faces_have_finite_slopes(loss):
    embeddings = tf.Variable(np.ones((4, 1), np.float32))
    with tf.GradientTape() as tape:
        value = loss(embeddings, tf.constant([0, 0, 1, 1]))
    assert np.isfinite(tape.gradient(value, embeddings)).all()


def angular(directions, **options):
    layer = losses.AdditiveAngularMargin(len(directions), **options)
    layer.build((None, 2))
    layer.set_weights([np.array(directions, np.float32)])
    return layer


def test_the_angular_margin_is_added_to_the_own_angle():
    """Directions at 0 and 90 degrees, one face of the first person at 60: margin 30 degrees, scale 2.

    Logits: 2 cos(60 + 30) = 0 for the person, 2 cos 30 = sqrt 3 for the other; the loss is ln(1 + e^sqrt 3).
    """
    layer = angular([[1, 0], [0, 3]], margin=np.pi / 6, scale=2.0)
    loss = layer(CIRCLE[1:2], tf.constant([0]))
    assert float(loss) == pytest.approx(np.log1p(np.exp(np.sqrt(3))), rel=1e-5)


def test_without_margin_it_is_the_softmax_of_cosines():
    """Directions at 0 and 90 degrees, a face at 0: logits 1 and 0, so the loss is ln(1 + 1/e)."""
    loss = angular([[1, 0], [0, 1]], margin=0.0, scale=1.0)(CIRCLE[:1], tf.constant([0]))
    assert float(loss) == pytest.approx(np.log1p(np.exp(-1)), rel=1e-4)


def test_the_handicap_never_becomes_a_help():
    """The handicapped cosine falls with the angle all the way, and stays below the cosine itself."""
    layer = angular([[1, 0]], margin=0.5)
    cosine = tf.constant(np.cos(np.linspace(0, np.pi, 500)), tf.float32)
    handicapped = np.asarray(layer._turned(cosine))
    assert (np.diff(handicapped) < 1e-6).all()
    assert (handicapped < np.asarray(cosine)).all()


def test_the_angular_margin_survives_its_config():
    layer = losses.AdditiveAngularMargin(7, margin=0.3, scale=30.0)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
