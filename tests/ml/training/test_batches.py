import numpy as np
import pytest
import tensorflow as tf

from ml.faces.framing import frame
from ml.siamese.networks import NETWORKS
from ml.training.augmentation import Augmentation, augment, plain, transforms
from ml.training.batches import FaceSource, Plan, prepared

STILL = Augmentation(
    **dict.fromkeys(Augmentation.__slots__, 0.0)  # nothing changes
)
SEED = tf.constant([3, 4])


def bounds(**changes):
    return Augmentation(**{name: changes.get(name, 0.0) for name in Augmentation.__slots__})


@pytest.mark.parametrize("spec", [spec.input_spec for spec in NETWORKS.values()], ids=NETWORKS)
def test_training_sees_what_serving_sees(people, spec):
    """TensorFlow rounds no pixel to a whole number, OpenCV does: up to one level of 255, twice."""
    faces = people.faces[:5]
    serving = spec.prepare(np.stack([frame(face[8:-8, 8:-8], spec) for face in faces]))
    training = np.asarray(prepared(plain(faces), spec))
    assert training.shape == (5, *spec.shape)
    np.testing.assert_allclose(training, serving, atol=2 / spec.scale)


def test_no_change_leaves_the_face_as_it_is(people):
    np.testing.assert_allclose(augment(people.faces[:3], SEED, STILL), plain(people.faces[:3]), atol=1e-3)


def test_a_certain_flip_is_the_mirror_image(people):
    flipped = augment(people.faces[:3], SEED, bounds(flip=1.0))
    np.testing.assert_allclose(flipped, plain(people.faces[:3])[:, :, ::-1], atol=1e-3)


def test_maps_stay_within_their_bounds():
    """The linear part of a map has the determinant 1 / scale^2, and its middle moves by the shift."""
    drawn = np.asarray(transforms(500, SEED, bounds(shift_px=4, scale=0.1, rotation_degrees=10)))
    linear = drawn[:, [0, 1, 3, 4]].reshape(-1, 2, 2)
    size = 1 / np.sqrt(np.linalg.det(linear))
    assert 0.9 <= size.min() < 0.91
    assert 1.09 < size.max() <= 1.1
    angle = np.degrees(np.arctan2(linear[:, 1, 0], linear[:, 0, 0]))
    assert 9 < np.abs(angle).max() <= 10
    middle = linear @ np.array([55.5, 55.5]) + drawn[:, [2, 5]] - 63.5
    assert 3.9 < np.abs(middle).max() <= 4.001


def test_shear_leans_upright_lines_and_keeps_the_area():
    drawn = np.asarray(transforms(500, SEED, bounds(shear_degrees=20)))
    linear = drawn[:, [0, 1, 3, 4]].reshape(-1, 2, 2)
    np.testing.assert_allclose(np.linalg.det(linear), 1, atol=1e-5)
    assert 0.35 < np.abs(linear[:, 0, 1]).max() <= np.tan(np.radians(20))
    np.testing.assert_allclose(linear[:, 1, 0], 0, atol=1e-6)


def test_shading_keeps_pixels_in_range(people):
    shaded = np.asarray(augment(people.faces, SEED, bounds(brightness=0.5, contrast=0.9)))
    assert shaded.min() >= 0
    assert shaded.max() <= 255
    change = np.abs(shaded.mean(axis=(1, 2, 3)) - np.asarray(plain(people.faces)).mean(axis=(1, 2, 3)))
    assert change.max() > 20


def test_a_cut_border_is_black_and_the_rest_is_untouched(people):
    faces = np.maximum(people.faces, 1)
    cut = np.asarray(augment(faces, SEED, bounds(cut_border=1.0)))
    gone = cut == 0
    assert 0 < gone.mean() <= 0.25
    np.testing.assert_allclose(cut[~gone], np.asarray(plain(faces))[~gone], atol=1e-3)


def test_low_resolution_takes_detail_away(people):
    noise = np.random.default_rng(1).integers(0, 256, (6, 128, 128, 3), dtype=np.uint8)
    coarse = np.asarray(augment(noise, SEED, bounds(low_resolution=1.0)))
    assert coarse.std() < 0.5 * np.asarray(plain(noise)).std()
    assert coarse.shape == (6, 112, 112, 3)


def test_the_same_seed_gives_the_same_batches(people):
    plan = Plan(np.arange(24, dtype=np.int32).reshape(6, 4), np.zeros((6, 4), np.float32))
    source = FaceSource(people, NETWORKS["contrastive48"].input_spec)

    def faces(seed):
        return np.stack([x for x, _ in source.dataset(plan, seed=seed, augmentation=Augmentation())])

    first = faces(5)
    np.testing.assert_array_equal(first, faces(5))
    assert np.abs(first - faces(6)).max() > 0.1


def test_batches_come_in_the_order_of_the_plan(people):
    spec = NETWORKS["contrastive48"].input_spec
    plan = Plan(np.array([[3, 1], [0, 2]], np.int32), np.array([[1], [0]], np.float32))
    batches = list(FaceSource(people, spec).dataset(plan).as_numpy_iterator())
    np.testing.assert_array_equal([targets for _, targets in batches], plan.targets)
    expected = np.asarray(prepared(plain(people.faces[[3, 1]]), spec))
    np.testing.assert_allclose(batches[0][0], expected, atol=1e-6)
