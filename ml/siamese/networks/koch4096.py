"""The siamese network of Koch, Zemel and Salakhutdinov, for gray faces instead of letters.

"Siamese Neural Networks for One-shot Image Recognition", 2015, section 3 and figure 4:

105 x 105 ─ conv 64 @ 10 x 10 ─ pool ─ conv 128 @ 7 x 7 ─ pool ─ conv 128 @ 4 x 4 ─ pool ─ conv 256 @ 4 x 4 ─ dense 4096

Nearly all of its 39 million weights are in the dense layer.
"""

from typing import Any

import keras
from keras import initializers, layers, regularizers

from ml.siamese.networks.base import NetworkSpec
from ml.types import InputSpec

# Channels, kernel size, and whether a pooling follows.
CONVOLUTIONS = ((64, 10, True), (128, 7, True), (128, 4, True), (256, 4, False))
EMBEDDING_SIZE = 4096
WEIGHT_DECAY = 2e-4


def build() -> keras.Model:
    """Build the network, untrained: faces (n, 105, 105, 1) in [0, 1] to embeddings (n, 4096) in (0, 1)."""
    faces = keras.Input(SPEC.input_spec.shape, name="face")
    x: Any = faces
    for block, (channels, kernel, pooled) in enumerate(CONVOLUTIONS):
        convolution = layers.Conv2D(
            channels, kernel, activation="relu", name=f"block{block}", **_as_in_the_paper()
        )
        x = convolution(x)
        if pooled:
            x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    embedding = layers.Dense(EMBEDDING_SIZE, name="embedding", **_as_in_the_paper())(x)
    # A sigmoid in half precision would round its ends to 0 and 1.
    out = layers.Activation("sigmoid", name="sigmoid", dtype="float32")(embedding)
    return keras.Model(faces, out, name="koch4096")


def _as_in_the_paper() -> dict[str, Any]:
    """Initial weights and decay after section 3.2.

    One departure: the paper draws the dense layer's weights with a deviation of 0.2, which for 9,216 inputs drives
    every sigmoid to an end where it has no slope; 0.01 as for the convolutions keeps them in the middle.
    """
    return {
        "kernel_initializer": initializers.RandomNormal(mean=0.0, stddev=0.01),
        "bias_initializer": initializers.RandomNormal(mean=0.5, stddev=0.01),
        "kernel_regularizer": regularizers.L2(WEIGHT_DECAY),
    }


SPEC = NetworkSpec(
    name="koch4096",
    input_spec=InputSpec(height=105, width=105, channels=1, mean=0.0, scale=255.0),
    embedding_size=EMBEDDING_SIZE,
    comparator="weighted_l1",
    build=build,
)
