"""What is known of a network before it is built. Building imports Keras; this file does not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ml.types import InputSpec


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """One network of the family.

    Attributes:
        name: Its key in the registry and in manifests.
        input_spec: What it eats.
        embedding_size: Length d of its embedding.
        comparator: Name of the comparator its embeddings are made for.
        build: Makes the untrained Keras model, (n, *input_spec.shape) to (n, d).
    """

    name: str
    input_spec: InputSpec
    embedding_size: int
    comparator: str
    build: Callable[[], Any]
