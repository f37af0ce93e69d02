"""Keras layers of the siamese networks. All are registered, so that models load in safe mode, without Lambda."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="faceverify")
class UnitNorm(keras.layers.Layer):  # type: ignore[misc]
    """Divide each vector by its length: (n, d) in, (n, d) of length 1 out.

    Attributes:
        epsilon: Least squared length divided by, so that the zero vector gives zero rather than NaN.
    """

    def __init__(self, *, epsilon: float = 1e-10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, vectors: Any) -> Any:
        squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
        return vectors * ops.rsqrt(ops.maximum(squared, self.epsilon))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="faceverify")
class CosineSimilarity(keras.layers.Layer):  # type: ignore[misc]
    """Compare pairs of unit vectors: two (n, d) in, one (n, 1) in [-1, 1] out, higher is closer."""

    def call(self, left: Any, right: Any) -> Any:
        return ops.sum(left * right, axis=-1, keepdims=True)

    def compute_output_shape(
        self, left_shape: tuple[int | None, ...], right_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*left_shape[:-1], 1)


@keras.saving.register_keras_serializable(package="faceverify")
class EuclideanDistance(keras.layers.Layer):  # type: ignore[misc]
    """Measure pairs of vectors: two (n, d) in, one (n, 1) from 0 upwards out, lower is closer.

    Attributes:
        epsilon: Least squared distance under the root, whose slope at 0 is infinite.
    """

    def __init__(self, *, epsilon: float = 1e-10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, left: Any, right: Any) -> Any:
        squared = ops.sum(ops.square(left - right), axis=-1, keepdims=True)
        return ops.sqrt(ops.maximum(squared, self.epsilon))

    def compute_output_shape(
        self, left_shape: tuple[int | None, ...], right_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*left_shape[:-1], 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="faceverify")
class L1Distance(keras.layers.Layer):  # type: ignore[misc]
    """Measure pairs of vectors, each component by itself: two (n, d) in, one (n, d) from 0 upwards out."""

    def call(self, left: Any, right: Any) -> Any:
        return ops.abs(left - right)

    def compute_output_shape(
        self, left_shape: tuple[int | None, ...], right_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return left_shape


@keras.saving.register_keras_serializable(package="faceverify")
class SameProbability(keras.layers.Layer):  # type: ignore[misc]
    """Learn which components tell people apart: two (n, d) in, probability (n, 1) of being the same person out.

    The probability is `sigmoid(bias + sum_j kernel_j * |left_j - right_j|)` (Koch, Zemel, Salakhutdinov, 2015,
    section 3.1). The bias is an addition: without it two equal embeddings could never be surer than one half.
    """

    def build(self, left_shape: tuple[int | None, ...], right_shape: tuple[int | None, ...]) -> None:
        self.distance = L1Distance(dtype=self.dtype_policy, name="distance")
        self.kernel = self.add_weight(shape=(left_shape[-1], 1), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")

    def call(self, left: Any, right: Any) -> Any:
        return ops.sigmoid(ops.matmul(self.distance(left, right), self.kernel) + self.bias)

    def compute_output_shape(
        self, left_shape: tuple[int | None, ...], right_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*left_shape[:-1], 1)
