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
