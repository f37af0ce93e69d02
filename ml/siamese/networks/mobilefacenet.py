"""MobileFaceNet (Chen, Liu, Gao, Han, 2018, arXiv:1804.07573), batch norms folded into the convolutions.

A MobileNetV2 for faces: PReLU instead of ReLU6, early halving of resolution, and a "global depthwise" 7 x 7
convolution at the end, which learns how much each place of the face counts where other networks average them all.
"""

from typing import Any

import keras
from keras import layers

from ml.siamese.layers import UnitNorm
from ml.siamese.networks.base import NetworkSpec
from ml.types import InputSpec

# Expanded channels, channels out, blocks, stride of the first block.
GROUPS = ((128, 64, 5, 2), (256, 128, 1, 2), (256, 128, 6, 1), (512, 128, 1, 2), (256, 128, 2, 1))
EMBEDDING_SIZE = 192


def build() -> keras.Model:
    """Build the network, untrained: faces (n, 112, 112, 3) in [-1, 1] to unit embeddings (n, 192)."""
    faces = keras.Input(SPEC.input_spec.shape, name="face")
    x = _pointwise(faces, 64, name="stem", kernel=3, stride=2)
    x = _depthwise(x, name="stem_depthwise", stride=1)
    x = _pointwise(x, 64, name="stem_project", activation=False)
    for group, (expanded, out, blocks, stride) in enumerate(GROUPS):
        for block in range(blocks):
            name = f"group{group}_block{block}"
            x = _residual_block(x, expanded, out, stride if block == 0 else 1, name=name)
    x = _pointwise(x, 512, name="head")
    x = layers.DepthwiseConv2D(7, padding="valid", name="head_depthwise")(x)
    x = _pointwise(x, 512, name="head_project", activation=False)
    x = _pointwise(x, EMBEDDING_SIZE, name="embedding", activation=False)
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(faces, UnitNorm(name="unit_norm")(x), name="mobilefacenet")


def _residual_block(x: Any, expanded: int, out: int, stride: int, *, name: str) -> Any:
    """Widen, look around, narrow again; add the input back where the resolution stays."""
    y = _pointwise(x, expanded, name=f"{name}_expand")
    y = _depthwise(y, name=f"{name}_depthwise", stride=stride)
    y = _pointwise(y, out, name=f"{name}_project", activation=False)
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 else y


def _pointwise(
    x: Any, channels: int, *, name: str, kernel: int = 1, stride: int = 1, activation: bool = True
) -> Any:
    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", name=name)(x)
    return _prelu(x, name) if activation else x


def _depthwise(x: Any, *, name: str, stride: int) -> Any:
    x = layers.DepthwiseConv2D(3, strides=stride, padding="same", name=name)(x)
    return _prelu(x, name)


def _prelu(x: Any, name: str) -> Any:
    return layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu")(x)


SPEC = NetworkSpec(
    name="mobilefacenet",
    input_spec=InputSpec(height=112, width=112, channels=3, mean=127.5, scale=128.0),
    embedding_size=EMBEDDING_SIZE,
    comparator="cosine",
    build=build,
)
