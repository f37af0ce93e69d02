"""The losses that siamese networks learn by. Every one is a mean over the batch, a float32 scalar.

Polarity: `same` is 1 for a mated pair and 0 for a non-mated one. Embeddings of triplet and angular losses are of unit
length, and distances between them are Euclidean, in [0, 2].
"""

import math
from typing import Any

import keras
import tensorflow as tf

_EPSILON = 1e-10


def contrastive(distance: tf.Tensor, same: tf.Tensor, *, margin: float = 1.0) -> tf.Tensor:
    """Pull mated pairs together; push non-mated pairs apart until `margin` (Hadsell, Chopra, LeCun, 2006, eq. 4).

    A pair costs `1/2 d^2` if mated, `1/2 max(0, margin - d)^2` if not. (The paper's Y is `1 - same`.)

    Args:
        distance: Float (n,), from 0 upwards.
        same: Float (n,).
        margin: Distance from which a non-mated pair costs nothing.
    """
    pull = same * tf.square(distance)
    push = (1 - same) * tf.square(tf.maximum(margin - distance, 0))
    return tf.reduce_mean(pull + push) / 2


def binary_crossentropy(probability: tf.Tensor, same: tf.Tensor) -> tf.Tensor:
    """Cost of a probability of being the same person (Koch, Zemel, Salakhutdinov, 2015, section 3.2).

    Args:
        probability: Float (n,) in [0, 1], kept 1e-7 away from its ends, where the logarithm is infinite.
        same: Float (n,).
    """
    p = tf.clip_by_value(probability, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(same * tf.math.log(p) + (1 - same) * tf.math.log(1 - p))


def distillation(embeddings: tf.Tensor, taught: tf.Tensor) -> tf.Tensor:
    """Return how far embeddings are from a teacher's: one minus their cosine.

    Args:
        embeddings: Float32 (n, d), unit length.
        taught: Float32 (n, d), unit length: what a teacher makes of the same faces.

    Returns:
        The mean, a scalar in [0, 2].
    """
    return 1 - tf.reduce_mean(tf.reduce_sum(embeddings * taught, axis=1))


def batch_hard_triplet(embeddings: tf.Tensor, subjects: tf.Tensor, *, margin: float = 0.3) -> tf.Tensor:
    """Triplet loss on each anchor's farthest positive and nearest negative (Hermans, Beyer, Leibe, 2017, eq. 5).

    An anchor costs `max(0, margin + farthest - nearest)`, in distances. Anchors that lack a positive or a negative
    within the batch do not count.

    Args:
        embeddings: Float (n, d), unit length.
        subjects: Int (n,), who each is.
        margin: By how much a stranger has to be farther away.
    """
    distance = _distances(embeddings)
    positive, negative = _relations(subjects)
    farthest = tf.reduce_max(tf.where(positive, distance, 0), axis=1)
    nearest = tf.reduce_min(tf.where(negative, distance, math.inf), axis=1)
    counts = tf.reduce_any(positive, axis=1) & tf.reduce_any(negative, axis=1)
    cost = tf.maximum(margin + farthest - nearest, 0)
    return _mean_where(counts, cost)


def semi_hard_triplet(embeddings: tf.Tensor, subjects: tf.Tensor, *, margin: float = 0.2) -> tf.Tensor:
    """Triplet loss on negatives that are farther than the positive, but not enough (Schroff et al., 2015, eq. 4).

    A pair of anchor and positive costs `max(0, margin + positive - negative)`, in squared distances, where the
    negative is the nearest one beyond the positive or, where none is, the farthest of all.

    Args:
        embeddings: Float (n, d), unit length.
        subjects: Int (n,), who each is.
        margin: By how much, squared, a stranger has to be farther away.
    """
    squared = tf.square(_distances(embeddings))
    positive, negative = _relations(subjects)
    beyond = negative[:, None, :] & (squared[:, None, :] > squared[:, :, None])
    nearest_beyond = tf.reduce_min(tf.where(beyond, squared[:, None, :], math.inf), axis=2)
    farthest = tf.reduce_max(tf.where(negative, squared, 0), axis=1, keepdims=True)
    chosen = tf.where(tf.reduce_any(beyond, axis=2), nearest_beyond, farthest)
    counts = positive & tf.reduce_any(negative, axis=1, keepdims=True)
    return _mean_where(counts, tf.maximum(margin + squared - chosen, 0))


@keras.saving.register_keras_serializable(package="faceverify")
class AdditiveAngularMargin(keras.layers.Layer):  # type: ignore[misc]
    """Classify people by angle, with a handicap (Deng et al., "ArcFace", 2019, eq. 3).

    Every person of the training set has a direction. The angle between an embedding and its own person's direction
    is made larger by `margin` before a softmax over all people, so that embeddings have to come closer than needed.

    Attributes:
        subjects: How many people there are.
        margin: The handicap, in radians.
        scale: Multiplies the cosines; without it the softmax of numbers in [-1, 1] could never be sure.
    """

    def __init__(self, subjects: int, *, margin: float = 0.5, scale: float = 64.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.subjects, self.margin, self.scale = subjects, margin, scale

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.directions = self.add_weight(
            shape=(self.subjects, input_shape[-1]), initializer="glorot_normal", name="directions"
        )

    def call(self, embeddings: Any, subjects: Any) -> Any:
        """Return the loss of unit embeddings (n, d) of the people (n,), numbered from 0."""
        cosine = tf.matmul(embeddings, tf.math.l2_normalize(self.directions, axis=1), transpose_b=True)
        own = tf.gather(cosine, subjects, axis=1, batch_dims=1)
        handicapped = self._turned(own)
        hot = tf.one_hot(subjects, self.subjects, dtype=cosine.dtype)
        logits = self.scale * (cosine + hot * (handicapped - own)[:, None])
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(subjects, logits))

    def _turned(self, cosine: Any) -> Any:
        """The cosine of the angle plus the margin; beyond a half turn, a line that keeps falling."""
        sine = tf.sqrt(tf.maximum(1 - tf.square(cosine), _EPSILON))
        turned = cosine * math.cos(self.margin) - sine * math.sin(self.margin)
        beyond = cosine - self.margin * math.sin(self.margin)
        return tf.where(cosine > -math.cos(self.margin), turned, beyond)

    def get_config(self) -> dict[str, Any]:
        own = {"subjects": self.subjects, "margin": self.margin, "scale": self.scale}
        return {**super().get_config(), **own}


def _distances(embeddings: tf.Tensor) -> tf.Tensor:
    """Distance of each unit vector (n, d) to each other one, (n, n)."""
    squared = 2 - 2 * tf.matmul(embeddings, embeddings, transpose_b=True)
    # The root has an infinite slope at 0, where duplicates stand.
    return tf.sqrt(tf.maximum(squared, _EPSILON))


def _relations(subjects: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Which are another picture of the same person, and which are another person: two bool (n, n)."""
    same = subjects[:, None] == subjects[None]
    return same & ~tf.eye(tf.shape(subjects)[0], dtype=tf.bool), ~same


def _mean_where(counts: tf.Tensor, cost: tf.Tensor) -> tf.Tensor:
    """The mean of the costs that count, 0 if none does."""
    number = tf.reduce_sum(tf.cast(counts, cost.dtype))
    return tf.math.divide_no_nan(tf.reduce_sum(tf.where(counts, cost, 0)), number)
