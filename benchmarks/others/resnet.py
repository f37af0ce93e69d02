"""IResNet-50, the network of insightface's `buffalo_l`, as an ONNX file with weights drawn by chance.

Deng et al., ArcFace, 2019: 3, 4, 14 and 3 blocks of 64, 128, 256 and 512 channels, 43.6 million parameters, 112 pixels
to 512 numbers. The time of a network does not depend on its weights.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))
EMBEDDING = 512


class Graph:
    """Nodes one after the other; each method takes the name of a tensor and gives the name of the next."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(0)

    def node(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def weight(self, *shape: int, spread: float = 0.0, mean: float = 0.0) -> str:
        name = f"weight{len(self.weights)}"
        values = mean + spread * self.random.standard_normal(shape)
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(self, x: str, into: int, out: int, *, side: int = 3, stride: int = 1) -> str:
        weight = self.weight(out, into, side, side, spread=(2 / (into * side * side)) ** 0.5)
        return self.node("Conv", x, weight, strides=[stride] * 2, pads=[side // 2] * 4)

    def norm(self, x: str, channels: int) -> str:
        scale, variance = self.weight(channels, mean=0.5), self.weight(channels, mean=1.0)
        shift, mean = self.weight(channels), self.weight(channels)
        return self.node("BatchNormalization", x, scale, shift, mean, variance)

    def prelu(self, x: str, channels: int) -> str:
        return self.node("PRelu", x, self.weight(channels, 1, 1, mean=0.25))

    def block(self, x: str, into: int, out: int, stride: int) -> str:
        y = self.norm(self.conv(self.norm(x, into), into, out), out)
        y = self.norm(self.conv(self.prelu(y, out), out, out, stride=stride), out)
        if stride > 1:
            x = self.norm(self.conv(x, into, out, side=1, stride=stride), out)
        return self.node("Add", x, y)


def write(path: Path) -> None:
    graph = Graph()
    x = graph.prelu(graph.norm(graph.conv("face", 3, 64), 64), 64)
    before = 64
    for channels, blocks in STAGES:
        for number in range(blocks):
            x = graph.block(x, before, channels, 1 if number else 2)
            before = channels
    flat = graph.node("Flatten", graph.norm(x, before))
    size = before * 7 * 7
    x = graph.node("Gemm", flat, graph.weight(size, EMBEDDING, spread=size**-0.5), graph.weight(EMBEDDING))
    x = graph.norm(x, EMBEDDING)
    face = helper.make_tensor_value_info("face", TensorProto.FLOAT, [1, 3, 112, 112])
    embedding = helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, EMBEDDING])
    whole = helper.make_graph(graph.nodes, "iresnet50", [face], [embedding], graph.weights)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
