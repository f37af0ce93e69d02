"""Learning to look through what covers a face, from a teacher who saw it uncovered."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from ml.errors import TrainingError
from ml.siamese import losses
from ml.training.augmentation import Augmentation, augment, plain
from ml.training.eyewear import sunglasses
from ml.training.objectives import DISTILLATION, objective

STILL = Augmentation(0, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def generator():
    return np.random.default_rng(3)


def test_the_loss_is_one_minus_the_mean_cosine():
    """Cosines 1 and 0: 1 - 1/2."""
    taught = tf.constant([[1.0, 0.0], [0.0, 1.0]])
    assert float(losses.distillation(tf.constant([[1.0, 0.0], [1.0, 0.0]]), taught)) == pytest.approx(0.5)


def test_it_teaches_each_face_its_own_embedding(people, generator):
    lessons = np.arange(len(people.faces) * 3, dtype=np.float32).reshape(-1, 3)
    plan = objective(DISTILLATION, people=6, teacher=lambda _: lessons).plan(
        people, steps=2, batch=4, generator=generator
    )
    np.testing.assert_array_equal(plan.targets, lessons[plan.rows])
    assert len(set(plan.rows.flat)) == 8


def test_it_needs_a_teacher():
    with pytest.raises(TrainingError) as caught:
        objective(DISTILLATION, people=6)
    assert caught.value.code == "teacher_missing"


def test_sunglasses_cover_the_eyes_alone():
    covered = sunglasses(20, seed=3)[..., 3]
    assert (covered[:, 60, [46, 82]] >= 0.74).all()
    assert not covered[:, :36].any()
    assert not covered[:, 90:].any()


def test_the_same_seed_draws_the_same_sunglasses():
    np.testing.assert_array_equal(sunglasses(3, seed=5), sunglasses(3, seed=5))


def test_sunglasses_are_put_on_as_often_as_asked(generator):
    faces = tf.constant(generator.integers(100, 255, (200, 128, 128, 3)), tf.uint8)
    worn = augment(faces, tf.constant([1, 2]), replace(STILL, sunglasses=0.3))
    changed = (np.abs(worn - plain(faces)).max(axis=(1, 2, 3)) > 40).mean()
    assert 0.2 < changed < 0.4


def test_untouched_faces_are_exactly_as_they_were(generator):
    faces = tf.constant(generator.integers(0, 255, (200, 128, 128, 3)), tf.uint8)
    varied = augment(faces, tf.constant([1, 2]), replace(Augmentation(), untouched=0.5))
    same = (varied.numpy() == plain(faces).numpy()).all(axis=(1, 2, 3)).mean()
    assert 0.4 < same < 0.6
