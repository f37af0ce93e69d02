"""What a training strives for: which faces make a batch, and what their embeddings cost."""

from collections.abc import Callable
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from ml.errors import TrainingError
from ml.siamese import losses
from ml.siamese.layers import EuclideanDistance, SameProbability
from ml.training.batches import Plan
from ml.training.folder import People, Rows
from ml.training.pairs import draw_pairs_within
from ml.training.triplets import draw_identity_batches
from ml.types import Floats

FACES_A_PERSON = 4
DISTILLATION = "distillation"
Teacher = Callable[[People], Floats]


class Objective(Protocol):
    """A loss together with the batches it needs."""

    name: str
    head: keras.layers.Layer | None  # has what is learned beside the network
    judged_on_variants: bool  # whether held-out faces are varied as those learned from

    def build(self, embedding_size: int) -> None:
        """Make the head's weights."""

    def plan(self, people: People, *, steps: int, batch: int, generator: np.random.Generator) -> Plan:
        """Draw an epoch of batches of at most `batch` faces."""

    def loss(self, embeddings: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Return the cost of float32 embeddings (faces, d), a scalar."""

    def held_out_loss(self, embeddings: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Return the cost for people that the head does not know."""


class PairObjective:
    """Judges pairs within batches of several faces of several people.

    Each face is embedded once and stands in many pairs, so a step learns from several times as many of them as if
    each pair brought two faces of its own.
    """

    judged_on_variants = False

    def __init__(self, name: str, head: keras.layers.Layer, cost: Callable[..., tf.Tensor]) -> None:
        """Choose what is learned.

        Args:
            name: The loss's name.
            head: Takes two embeddings (n, d) to one number a pair, (n, 1).
            cost: Takes those numbers (n,) and `same` (n,) to a scalar.
        """
        self.name, self.head, self._cost = name, head, cost

    def build(self, embedding_size: int) -> None:
        self.head(tf.zeros((1, embedding_size)), tf.zeros((1, embedding_size)))

    def plan(self, people: People, *, steps: int, batch: int, generator: np.random.Generator) -> Plan:
        rows = _identity_rows(people, steps, batch, generator)
        pairs = [draw_pairs_within(batch_rows, people.subjects[batch_rows], generator) for batch_rows in rows]
        return Plan(rows, np.stack(pairs))

    def loss(self, embeddings: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        left, right, same = tf.unstack(targets, axis=1)
        distances = self.head(tf.gather(embeddings, left), tf.gather(embeddings, right))
        return self._cost(distances[:, 0], tf.cast(same, tf.float32))

    held_out_loss = loss


class IdentityObjective:
    """Judges batches of several faces of several people."""

    judged_on_variants = False

    def __init__(
        self,
        name: str,
        cost: Callable[..., tf.Tensor],
        *,
        head: keras.layers.Layer | None = None,
        held_out_cost: Callable[..., tf.Tensor] | None = None,
    ) -> None:
        """Choose what is learned.

        Args:
            name: The loss's name.
            cost: Takes embeddings (n, d) and subjects (n,) to a scalar.
            head: Has the weights of `cost`, if any.
            held_out_cost: Stands in for `cost` with people that the head does not know.
        """
        self.name, self.head = name, head
        self._cost, self._held_out_cost = cost, held_out_cost or cost

    def build(self, embedding_size: int) -> None:
        if self.head is not None:
            self.head.build((None, embedding_size))

    def plan(self, people: People, *, steps: int, batch: int, generator: np.random.Generator) -> Plan:
        rows = _identity_rows(people, steps, batch, generator)
        return Plan(rows, people.subjects[rows])

    def loss(self, embeddings: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        return self._cost(embeddings, targets)

    def held_out_loss(self, embeddings: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        return self._held_out_cost(embeddings, targets)


class DistillationObjective:
    """Asks for the teacher's embeddings of the faces as they are, whatever variants of them the network sees.

    So a network keeps what its teacher knows, and learns to look through what was done to the faces (Hinton, Vinyals,
    Dean, 2015, with embeddings in place of class probabilities). Names are not asked for.
    """

    name = DISTILLATION
    head = None
    judged_on_variants = True  # of faces as they are, nothing is to be learned

    def __init__(self, teacher: Teacher) -> None:
        """Keep the teacher, who takes people to one embedding a face, float32 (n, d), unit length."""
        self._teacher = teacher
        self._taught: dict[str, Floats] = {}

    def build(self, embedding_size: int) -> None:
        """Nothing is learned beside the network."""

    def plan(self, people: People, *, steps: int, batch: int, generator: np.random.Generator) -> Plan:
        if people.digest not in self._taught:
            self._taught[people.digest] = self._teacher(people)
        rows = np.resize(generator.permutation(len(people.faces)), (steps, batch)).astype(np.int32)
        return Plan(rows, self._taught[people.digest][rows])

    def loss(self, embeddings: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        return losses.distillation(embeddings, targets)

    held_out_loss = loss


def _identity_rows(people: People, steps: int, batch: int, generator: np.random.Generator) -> Rows:
    largest = int(np.bincount(people.sources).max())
    subjects = min(max(2, batch // FACES_A_PERSON), largest)
    return draw_identity_batches(people, steps, generator, subjects=subjects, faces=FACES_A_PERSON)


def _angular_margin(people: int) -> Objective:
    head = losses.AdditiveAngularMargin(people, dtype="float32", name="angular_margin")
    return IdentityObjective("angular_margin", head, head=head, held_out_cost=losses.batch_hard_triplet)


# Heads stay in float32 when the network computes in half precision.
OBJECTIVES: dict[str, Callable[[int], Objective]] = {
    "contrastive": lambda _: PairObjective(
        "contrastive", EuclideanDistance(dtype="float32"), losses.contrastive
    ),
    "binary_crossentropy": lambda _: PairObjective(
        "binary_crossentropy", SameProbability(dtype="float32", name="same"), losses.binary_crossentropy
    ),
    "batch_hard": lambda _: IdentityObjective("batch_hard", losses.batch_hard_triplet),
    "semi_hard": lambda _: IdentityObjective("semi_hard", losses.semi_hard_triplet),
    "angular_margin": _angular_margin,
}


def objective(name: str, *, people: int, teacher: Teacher | None = None) -> Objective:
    """Return an objective by its loss's name.

    Args:
        name: A key of `OBJECTIVES`, or `DISTILLATION`.
        people: How many people are trained on.
        teacher: Whom to learn from by `DISTILLATION`; see `DistillationObjective`.

    Raises:
        TrainingError: `unknown_loss`; `teacher_missing` if there is nobody to distil from.
    """
    if name == DISTILLATION:
        if teacher is None:
            raise TrainingError(
                "teacher_missing", "expected a model to start from, whose embeddings are taught"
            )
        return DistillationObjective(teacher)
    if name not in OBJECTIVES:
        raise TrainingError("unknown_loss", f"expected one of {sorted(OBJECTIVES)}, got {name!r}")
    return OBJECTIVES[name](people)
