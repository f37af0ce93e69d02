import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from ml.errors import TrainingError
from ml.siamese.layers import UnitNorm
from ml.siamese.networks import NetworkSpec
from ml.training.augmentation import Augmentation
from ml.training.checkpoints import Checkpoints
from ml.training.curves import plot_losses
from ml.training.history import Epoch, History
from ml.training.objectives import OBJECTIVES, objective
from ml.training.trainer import Trainer, TrainingOptions
from ml.types import InputSpec

from .conftest import drawn_people

# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def build():
    """A tiny network of every kind of layer that keeps a state."""
    faces = keras.Input((14, 14, 1), name="face")
    x = keras.layers.Conv2D(8, 3, strides=2, use_bias=False, name="conv")(faces)
    x = keras.layers.BatchNormalization(momentum=0.5, name="norm")(x)
    x = keras.layers.Flatten(name="flatten")(keras.layers.ReLU(name="relu")(x))
    x = keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(1e-4), name="embedding")(x)
    return keras.Model(faces, UnitNorm(name="unit_norm", dtype="float32")(x), name="tiny")


SPEC = NetworkSpec("tiny", InputSpec(14, 14, 1, mean=127.5, scale=127.5), 8, "cosine", build)
VARIED = Augmentation(shift_px=2, rotation_degrees=4)


@pytest.fixture(scope="module")
def validation():
    return drawn_people(4, first=50)


def trainer(people, *, loss="contrastive", **options):
    chosen = {"epochs": 2, "batch": 8, "learning_rate": 3e-3, "augmentation": VARIED} | options
    return Trainer(SPEC, objective(loss, people=len(people.names)), TrainingOptions(**chosen))


def losses(history):
    return [(epoch.train_loss, epoch.validation_loss) for epoch in history.epochs]


@pytest.mark.parametrize("loss", OBJECTIVES)
def test_every_loss_falls(people, validation, tmp_path, loss):
    history = trainer(people, loss=loss, epochs=8, patience=0, augmentation=None).fit(
        people, validation, tmp_path
    )
    first, last = history.epochs[0].train_loss, np.mean([e.train_loss for e in history.epochs[-2:]])
    assert last < 0.9 * first


def test_the_same_seed_gives_the_same_network(people, validation, tmp_path):
    runs = [trainer(people, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (
        losses(run.fit(people, validation, tmp_path / str(number))) for number, run in enumerate(runs)
    )
    assert first == again
    assert first != other
    for left, right in zip(runs[0].network.get_weights(), runs[1].network.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


class KilledError(Exception):
    """Ends a training where no code expects it."""


def kill_in_epoch(number):
    def kill(progress):
        if (progress.epoch, progress.step) == (number, 2):
            raise KilledError

    return kill


@pytest.mark.parametrize("loss", ["binary_crossentropy", "angular_margin"])
def test_a_killed_training_goes_on_as_if_nothing_had_happened(people, validation, tmp_path, loss):
    whole = trainer(people, loss=loss)
    expected = whole.fit(people, validation, tmp_path / "whole")
    with pytest.raises(KilledError):
        trainer(people, loss=loss).fit(people, validation, tmp_path / "cut", progress=kill_in_epoch(2))
    resumed = trainer(people, loss=loss)
    history = resumed.fit(people, validation, tmp_path / "cut", resume=True)
    assert losses(history) == losses(expected)
    for left, right in zip(resumed.network.get_weights(), whole.network.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_it_can_be_trained_for_longer(people, validation, tmp_path):
    trainer(people, epochs=1).fit(people, validation, tmp_path)
    longer = trainer(people, epochs=2).fit(people, validation, tmp_path, resume=True)
    assert len(longer.epochs) == 2


def test_it_refuses_to_resume_another_training(people, validation, tmp_path):
    trainer(people, epochs=1).fit(people, validation, tmp_path)
    for other in (trainer(people, seed=9), trainer(people, loss="batch_hard")):
        with pytest.raises(TrainingError) as caught:
            other.fit(people, validation, tmp_path, resume=True)
        assert caught.value.code == "checkpoint_incompatible"


def test_it_says_when_there_is_nothing_to_resume(people, validation, tmp_path):
    with pytest.raises(TrainingError) as caught:
        trainer(people).fit(people, validation, tmp_path, resume=True)
    assert caught.value.code == "checkpoint_missing"


def test_it_stops_when_nothing_gets_better_and_keeps_the_best(people, validation, tmp_path):
    """A learning rate of zero changes only the norms' running means: some early epoch stays the best."""
    run = trainer(people, epochs=40, patience=2, learning_rate=0.0)
    history = run.fit(people, validation, tmp_path)
    assert len(history.epochs) == history.best + 3 < 40
    assert run.held_out_loss(validation) == pytest.approx(
        history.epochs[history.best].validation_loss, abs=1e-6
    )


def test_it_trains_in_half_precision_and_ends_in_full(people, validation, tmp_path):
    run = trainer(people, half_precision=True, epochs=6, patience=0, augmentation=None)
    history = run.fit(people, validation, tmp_path)
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss
    assert run.network.get_layer("conv").compute_dtype == "float16"
    assert run.finished().get_layer("conv").compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_it_starts_from_given_weights(people):
    start = build()
    options = TrainingOptions(seed=77)
    run = Trainer(SPEC, objective("contrastive", people=6), options, start=start)
    for left, right in zip(run.network.get_weights(), start.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_it_tells_how_far_it_is(people, validation, tmp_path):
    """24 faces of train in batches of 8 are 3 steps; 16 of validation are 2."""
    told = []
    trainer(people, epochs=2).fit(people, validation, tmp_path, progress=told.append)
    steps = [(p.epoch, p.phase, p.step, p.steps) for p in told]
    epoch = [("train", 1, 3), ("train", 2, 3), ("train", 3, 3), ("validate", 1, 2), ("validate", 2, 2)]
    assert steps == [(1, *step) for step in epoch] + [(2, *step) for step in epoch]
    assert told[0].validation_loss is None
    assert told[-1].validation_loss > 0
    assert told[0].seconds_left > 0
    assert told[-1].seconds_left == 0


def test_it_refuses_a_loss_that_explodes(people, validation, tmp_path):
    with pytest.raises(TrainingError) as caught:
        trainer(people, learning_rate=float("nan")).fit(people, validation, tmp_path)
    assert caught.value.code == "loss_not_finite"


def test_it_refuses_an_unknown_loss():
    with pytest.raises(TrainingError):
        objective("hope", people=3)


def test_it_logs_for_tensorboard(people, validation, tmp_path):
    history = trainer(people, epochs=2).fit(people, validation, tmp_path)
    (file,) = (tmp_path / "tensorboard").iterdir()
    logged = {}
    for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
        event = tf.compat.v1.Event.FromString(record)
        for value in event.summary.value:
            logged[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    assert logged["loss/train", 2] == pytest.approx(history.epochs[1].train_loss)
    assert logged["loss/validation", 1] == pytest.approx(history.epochs[0].validation_loss)


def test_a_broken_checkpoint_is_refused(tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"half a fi")
    with pytest.raises(TrainingError) as caught:
        Checkpoints(tmp_path, {}).restore([])
    assert caught.value.code == "checkpoint_incompatible"


def test_a_write_that_fails_leaves_the_last_checkpoint(tmp_path):
    checkpoints, variable = Checkpoints(tmp_path, {"seed": 1}), keras.Variable([1.0, 2.0])
    checkpoints.save([variable], History([Epoch(1, 1, 1)]))

    class Broken:
        def numpy(self):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        checkpoints.save([Broken()], History())
    variable.assign([0.0, 0.0])
    assert len(checkpoints.restore([variable]).epochs) == 1
    np.testing.assert_array_equal(variable.numpy(), [1, 2])


def test_history_knows_its_best_epoch_and_survives_json():
    history = History(
        [Epoch(3, 2.0, 1), Epoch(2, 1.0, 1), Epoch(1, 1.5, 1), Epoch(0.5, 1.0, 1)], test_loss=1.1
    )
    assert history.best == 1
    assert history.stalled(2)
    assert not history.stalled(3)
    assert not history.stalled(0)
    assert History.from_json(json.loads(json.dumps(history.to_json()))) == history


def test_it_draws_the_curves(tmp_path):
    plot_losses(History([Epoch(2, 2, 1), Epoch(1, 1.5, 1)], 1.4), tmp_path / "curves.png", title="tiny")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
