"""A small network for 62 x 47 gray faces, trained from scratch with the contrastive loss.

Three times: convolve, normalise the batch, drop what is negative, halve the resolution. Then the strongest response of
each of 48 more detectors, wherever on the face it stands, is one component of the embedding.

The embedding is brought to length 1, so that distances lie in [0, 2] and a margin of 1 or a threshold of 0.4 means the
same in every training.
"""

from typing import Any

import keras
from keras import layers

from ml.siamese.layers import UnitNorm
from ml.siamese.networks.base import NetworkSpec
from ml.types import InputSpec

CHANNELS = (32, 64, 128)
EMBEDDING_SIZE = 48


def build() -> keras.Model:
    """Build the network, untrained: faces (n, 62, 47, 1) in [-1, 1] to unit embeddings (n, 48)."""
    faces = keras.Input(SPEC.input_spec.shape, name="face")
    x: Any = faces
    for block, channels in enumerate(CHANNELS):
        x = _normalised(_convolution(x, channels, name=f"block{block}"), name=f"block{block}")
        x = layers.ReLU(name=f"block{block}_relu")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = _convolution(x, EMBEDDING_SIZE, name="embedding")
    x = layers.GlobalMaxPooling2D(name="strongest")(x)
    # Strongest responses are positive, so all faces would lie in one corner of the sphere: bring their mean to zero.
    x = _normalised(x, name="embedding")
    # Half precision is too coarse for lengths.
    return keras.Model(faces, UnitNorm(name="unit_norm", dtype="float32")(x), name="contrastive48")


def _convolution(x: Any, channels: int, *, name: str) -> Any:
    # The normalisation that follows brings its own shift, so the convolution needs no bias.
    return layers.Conv2D(channels, 3, padding="same", use_bias=False, name=name)(x)


def _normalised(x: Any, *, name: str) -> Any:
    # Siamese batches are small and few: the default momentum of 0.99 would lag behind for hundreds of steps.
    return layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)


SPEC = NetworkSpec(
    name="contrastive48",
    input_spec=InputSpec(height=62, width=47, channels=1, mean=127.5, scale=127.5),
    embedding_size=EMBEDDING_SIZE,
    comparator="euclidean",
    build=build,
)
