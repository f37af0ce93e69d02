"""What a network is fed: rows of a people's faces, made into prepared batches while the previous one is learned."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.faces.framing import window
from ml.training.augmentation import Augmentation, augment, plain
from ml.training.folder import People, Rows
from ml.types import InputSpec


@dataclass(frozen=True, slots=True)
class Plan:
    """The batches of one epoch.

    Attributes:
        rows: Int32 (steps, faces), rows of `People.faces`.
        targets: (steps, ...), what the loss has to know of each batch: int32 pairs or subjects, or float32
            embeddings.
    """

    rows: Rows
    targets: npt.NDArray[np.int32] | npt.NDArray[np.float32]


class FaceSource:
    """Prepares batches of one set of people for one network. The faces are handed to TensorFlow once."""

    def __init__(self, people: People, spec: InputSpec) -> None:
        """Keep the faces where TensorFlow finds them.

        Args:
            people: Whose faces.
            spec: What the network eats.
        """
        with tf.device("CPU:0"):
            self._faces = tf.constant(people.faces)
        self._spec = spec

    def dataset(
        self, plan: Plan, *, seed: int = 0, augmentation: Augmentation | None = None
    ) -> tf.data.Dataset:
        """Return the batches of a plan: float32 (faces, height, width, channels), and their targets.

        Args:
            plan: Which faces, in which order.
            seed: Decides every variant; the same seed gives the same batches, whatever runs in parallel.
            augmentation: How far variants may go; none are made if not given.
        """

        def prepare(step: tf.Tensor, rows: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            faces = tf.gather(self._faces, rows)
            key = tf.stack([tf.cast(seed, tf.int32), tf.cast(step, tf.int32)])
            varied = plain(faces) if augmentation is None else augment(faces, key, augmentation)
            return prepared(varied, self._spec), targets

        slices = tf.data.Dataset.from_tensor_slices((np.arange(len(plan.rows)), plan.rows, plan.targets))
        return slices.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)


def prepared(faces: tf.Tensor, spec: InputSpec) -> tf.Tensor:
    """Fit faces to a network as `ml.faces.framing.frame` and `InputSpec.prepare` do, in TensorFlow.

    Args:
        faces: Float32 (n, 112, 112, 3) RGB in [0, 255].
        spec: What the network eats.

    Returns:
        Float32 (n, height, width, channels).
    """
    top, left, height, width = window(spec)
    x = faces[:, top : top + height, left : left + width]
    if spec.channels == 1:
        x = tf.image.rgb_to_grayscale(x)
    if (height, width) != (spec.height, spec.width):
        x = tf.image.resize(x, (spec.height, spec.width), method="area")
    return tf.ensure_shape((x - spec.mean) / spec.scale, (None, *spec.shape))
