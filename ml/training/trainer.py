"""The training loop, for every network and every objective. Knows nothing of where faces come from or go to."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ml.config import SEED
from ml.errors import TrainingError
from ml.siamese.networks import NetworkSpec
from ml.training.augmentation import Augmentation
from ml.training.batches import FaceSource
from ml.training.checkpoints import Checkpoints
from ml.training.event_log import EventLog
from ml.training.folder import People
from ml.training.history import Epoch, History
from ml.training.objectives import Objective

_HELD_OUT_EPOCH = (
    2**20
)  # an epoch that training never reaches: held-out batches are drawn for it, the same each time


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train.

    Attributes:
        epochs: At most so many.
        batch: Faces a step; a pair is two.
        learning_rate: Of Adam.
        patience: Stop after so many epochs without a lower validation loss; 0 never does.
        seed: Decides weights, batches and variants.
        augmentation: How far variants of faces may go; None for none.
        half_precision: Compute in float16 where that is safe; None does so if there is a GPU.
    """

    epochs: int = 20
    batch: int = 64
    learning_rate: float = 1e-3
    patience: int = 5
    seed: int = SEED
    augmentation: Augmentation | None = Augmentation()  # noqa: RUF009 - frozen
    half_precision: bool | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands.

    Attributes:
        phase: `train` or `validate`.
        epoch: Counted from 1.
        epochs: At most so many.
        step: Of this epoch, counted from 1.
        steps: Of each epoch.
        loss: Mean of this epoch so far.
        validation_loss: Of the last whole epoch; None before.
        seconds_left: If all epochs are run.
    """

    phase: str
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    validation_loss: float | None
    seconds_left: float


def _nobody(_: Progress) -> None:
    """Tell nobody."""


class Trainer:
    """Trains one network towards one objective."""

    def __init__(
        self,
        spec: NetworkSpec,
        objective: Objective,
        options: TrainingOptions,
        *,
        start: keras.Model | None = None,
    ) -> None:
        """Build the network and whatever is learned beside it.

        Args:
            spec: Which network.
            objective: What it strives for.
            options: How.
            start: A network of that kind whose weights to start from; chance decides if not given.
        """
        keras.utils.set_random_seed(options.seed)
        self.spec, self.objective, self.options = spec, objective, options
        half = bool(tf.config.list_physical_devices("GPU"))
        self._half = half if options.half_precision is None else options.half_precision
        self.network = _build(spec, "mixed_float16" if self._half else "float32")
        if start is not None:
            self.network.set_weights(start.get_weights())
        objective.build(spec.embedding_size)
        learned = [*self.network.trainable_variables, *self._head_variables()]
        adam = keras.optimizers.Adam(options.learning_rate)
        # Gradients too small for float16 are computed enlarged.
        self._optimizer = keras.optimizers.LossScaleOptimizer(adam) if self._half else adam
        self._optimizer.build(learned)
        self._learned = learned
        self._train_step = tf.function(self._learn)
        self._held_out_step = tf.function(self._judge)

    def fit(
        self,
        train: People,
        validation: People,
        folder: Path,
        *,
        resume: bool = False,
        progress: Callable[[Progress], None] = _nobody,
    ) -> History:
        """Train until the epochs are over or nothing gets better, and end with the best epoch's weights.

        Args:
            train: Whom to learn from.
            validation: Other people, who decide which epoch is the best.
            folder: Keeps checkpoints and the TensorBoard log.
            resume: Go on after the last whole epoch in `folder`, exactly as if nothing had happened.
            progress: Called after every step.

        Raises:
            DatasetError: `dataset_too_small` if no batches can be made of these people.
            TrainingError: If there is nothing to resume, it is of another training, or the loss is not finite.
        """
        checkpoints = Checkpoints(folder, self._setting(train, validation))
        history = checkpoints.restore(self._state()) if resume else History()
        faces, held_out = (FaceSource(people, self.spec.input_spec) for people in (train, validation))
        log = EventLog(folder / "tensorboard")
        clock = _Clock(self.options.epochs - len(history.epochs), self._steps(train))
        while len(history.epochs) < self.options.epochs and not history.stalled(self.options.patience):
            start, report = time.monotonic(), _Report(progress, self.options, history, clock)
            train_loss = self._train_epoch(train, faces, report)
            validation_loss = self._held_out_epoch(validation, held_out, report)
            history.epochs.append(Epoch(train_loss, validation_loss, time.monotonic() - start))
            log.scalars(
                {"loss/train": train_loss, "loss/validation": validation_loss}, step=len(history.epochs)
            )
            if history.best == len(history.epochs) - 1:
                checkpoints.save_best(self._weights(), history)
            checkpoints.save(self._state(), history)
        checkpoints.restore_best(self._weights())
        return history

    def held_out_loss(self, people: People) -> float:
        """Return the loss on people that are not learned from, of their faces as they are."""
        return self._held_out_epoch(people, FaceSource(people, self.spec.input_spec), None)

    def finished(self) -> keras.Model:
        """Return the network as it is now, in float32, to save or to embed with."""
        network = _build(self.spec, "float32")
        network.set_weights(self.network.get_weights())
        return network

    def _learn(self, faces: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """One step: embed, judge, and follow the slope downhill."""
        with tf.GradientTape() as tape:
            embeddings = tf.cast(self.network(faces, training=True), tf.float32)
            loss = self.objective.loss(embeddings, targets)
            cost = self._optimizer.scale_loss(tf.add_n([loss, *self.network.losses]))
        self._optimizer.apply(tape.gradient(cost, self._learned))
        return loss

    def _judge(self, faces: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        embeddings = tf.cast(self.network(faces, training=False), tf.float32)
        return self.objective.held_out_loss(embeddings, targets)

    def _train_epoch(self, people: People, faces: FaceSource, report: "_Report") -> float:
        plan = self._plan(people, report.epoch)
        seed = self.options.seed * _HELD_OUT_EPOCH % 2**30 + report.epoch
        batches = faces.dataset(plan, seed=seed, augmentation=self.options.augmentation)
        return self._mean_loss(self._train_step, batches, report, "train")

    def _held_out_epoch(self, people: People, faces: FaceSource, report: "_Report | None") -> float:
        plan = self._plan(people, _HELD_OUT_EPOCH)
        variants = self.options.augmentation if self.objective.judged_on_variants else None
        batches = faces.dataset(plan, augmentation=variants)
        return self._mean_loss(self._held_out_step, batches, report, "validate")

    def _mean_loss(
        self, step: Callable[..., tf.Tensor], batches: tf.data.Dataset, report: "_Report | None", phase: str
    ) -> float:
        losses = []
        for faces, targets in batches:
            losses.append(float(step(faces, targets)))
            if report is not None:
                report.tell(phase, len(losses), len(batches), float(np.mean(losses)))
        mean = float(np.mean(losses))
        if not np.isfinite(mean):
            raise TrainingError(
                "loss_not_finite", f"expected a finite loss, got {mean}: lower the learning rate"
            )
        return mean

    def _plan(self, people: People, epoch: int) -> Any:
        generator = np.random.default_rng([self.options.seed, epoch])
        return self.objective.plan(
            people, steps=self._steps(people), batch=self.options.batch, generator=generator
        )

    def _steps(self, people: People) -> int:
        """So many that each face is seen about once."""
        return max(1, round(len(people.faces) / self.options.batch))

    def _head_variables(self) -> list[keras.Variable]:
        return [] if self.objective.head is None else list(self.objective.head.variables)

    def _weights(self) -> Sequence[keras.Variable]:
        return [*self.network.variables, *self._head_variables()]

    def _state(self) -> Sequence[keras.Variable]:
        return [*self._weights(), *self._optimizer.variables]

    def _setting(self, train: People, validation: People) -> dict[str, Any]:
        options = asdict(self.options)
        # More epochs or more patience continue the same training.
        del options["epochs"], options["patience"]
        return {
            **options,
            "half_precision": self._half,
            "network": self.spec.name,
            "loss": self.objective.name,
            "train": train.digest,
            "validation": validation.digest,
        }


class _Clock:
    """Estimates the time left from the steps of this run."""

    def __init__(self, epochs: int, steps: int) -> None:
        self._start, self._done, self._all = time.monotonic(), 0, max(1, epochs * steps)

    def step(self) -> float:
        self._done += 1
        return (time.monotonic() - self._start) / self._done * (self._all - self._done)


class _Report:
    """Tells of the steps of one epoch."""

    def __init__(
        self, progress: Callable[[Progress], None], options: TrainingOptions, history: History, clock: _Clock
    ) -> None:
        self.epoch = len(history.epochs) + 1
        self._progress, self._epochs, self._clock = progress, options.epochs, clock
        self._validation_loss = history.epochs[-1].validation_loss if history.epochs else None
        self._left = 0.0

    def tell(self, phase: str, step: int, steps: int, loss: float) -> None:
        if phase == "train":
            self._left = self._clock.step()
        self._progress(
            Progress(phase, self.epoch, self._epochs, step, steps, loss, self._validation_loss, self._left)
        )


def _build(spec: NetworkSpec, policy: str) -> keras.Model:
    """Build a network under a precision policy, and leave the global one as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return spec.build()
    finally:
        keras.config.set_dtype_policy(before)
