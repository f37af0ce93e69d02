"""Variants of faces, made by TensorFlow a batch at a time. The same seed gives the same variants."""

import functools
import math
from dataclasses import dataclass

import tensorflow as tf

from ml.faces.alignment import SIDE_PX
from ml.training.eyewear import sunglasses
from ml.training.folder import FACE_PX, MARGIN_PX
from ml.types import Floats


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far variants may go; every amount is drawn anew for each face, evenly up to its bound either way.

    Attributes:
        shift_px: Sideways and up or down, in pixels of the 112-pixel face.
        rotation_degrees: About the middle.
        shear_degrees: Lean of the upright lines.
        scale: Larger or smaller, as a share.
        flip: Probability of the mirror image.
        brightness: Added to every pixel, as a share of the full range.
        contrast: Steeper or flatter around the face's mean, as a share.
        cut_border: Probability that an edge of the face, up to a quarter, is gone.
        low_resolution: Probability that the face comes from far fewer pixels.
        sunglasses: Probability of drawn sunglasses.
        untouched: Probability that nothing at all is done to the face.
    """

    shift_px: float = 4.0
    rotation_degrees: float = 8.0
    shear_degrees: float = 5.0
    scale: float = 0.08
    flip: float = 0.5
    brightness: float = 0.15
    contrast: float = 0.25
    cut_border: float = 0.1
    low_resolution: float = 0.1
    sunglasses: float = 0.0
    untouched: float = 0.0


_MAX_CUT = 0.25
_LOW_SIDES_PX = (20, 64)
_GLASSES, _GLASSES_SEED = 256, 7


def augment(faces: tf.Tensor, seed: tf.Tensor, bounds: Augmentation) -> tf.Tensor:
    """Return a variant of each face.

    Args:
        faces: Uint8 (n, 128, 128, 3), with their margin.
        seed: Int (2,).
        bounds: How far variants may go.

    Returns:
        Float32 (n, 112, 112, 3) in [0, 255], without margin.
    """
    seeds = tf.unstack(tf.random.split(seed, 4))
    x = tf.cast(faces, tf.float32)
    if bounds.sunglasses:
        x = _put_on_sunglasses(x, tf.random.fold_in(seed, 0), bounds.sunglasses)
    x = _warp(x, seeds[0], bounds)
    x = _shade(x, seeds[1], bounds)
    x = _lower_resolution(x, seeds[2], bounds.low_resolution)
    x = _cut_border(x, seeds[3], bounds.cut_border)
    if bounds.untouched:
        x = tf.where(_chosen(x, tf.random.fold_in(seed, 1), bounds.untouched), plain(faces), x)
    return x


def plain(faces: tf.Tensor) -> tf.Tensor:
    """Return faces as they are, without their margin, float32 (n, 112, 112, 3) in [0, 255]."""
    return tf.cast(faces[:, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX], tf.float32)


def transforms(count: int | tf.Tensor, seed: tf.Tensor, bounds: Augmentation) -> tf.Tensor:
    """Draw affine maps from the variant's pixels to the face's, as TensorFlow wants them, float32 (count, 8).

    A map turns, leans, scales and mirrors about the variant's middle, and takes that middle to the face's middle,
    shifted. Pixel centres are at whole coordinates.
    """
    drawn = tf.random.stateless_uniform((6, count), seed, -1, 1)
    angle = drawn[0] * math.radians(bounds.rotation_degrees)
    lean = tf.tan(drawn[1] * math.radians(bounds.shear_degrees))
    size = 1 + drawn[2] * bounds.scale
    mirror = tf.where(drawn[3] < 2 * bounds.flip - 1, -1.0, 1.0)
    cosine, sine = tf.cos(angle) / size, tf.sin(angle) / size
    across, along = cosine * mirror, cosine * lean - sine
    down, upright = sine * mirror, sine * lean + cosine
    middle, target = (SIDE_PX - 1) / 2, (FACE_PX - 1) / 2
    x = target + drawn[4] * bounds.shift_px - middle * (across + along)
    y = target + drawn[5] * bounds.shift_px - middle * (down + upright)
    nothing = tf.zeros_like(x)
    return tf.stack([across, along, x, down, upright, y, nothing, nothing], axis=1)


def _put_on_sunglasses(x: tf.Tensor, seed: tf.Tensor, probability: float) -> tf.Tensor:
    kind_seed, choice_seed = tf.unstack(tf.random.split(seed))
    kinds = tf.random.stateless_uniform((tf.shape(x)[0],), kind_seed, 0, _GLASSES, dtype=tf.int32)
    worn = tf.gather(tf.constant(_drawn_sunglasses()), kinds)
    return tf.where(_chosen(x, choice_seed, probability), x * (1 - worn[..., 3:]) + worn[..., :3], x)


@functools.cache
def _drawn_sunglasses() -> Floats:
    return sunglasses(_GLASSES, seed=_GLASSES_SEED)


def _warp(faces: tf.Tensor, seed: tf.Tensor, bounds: Augmentation) -> tf.Tensor:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=faces,
        transforms=transforms(tf.shape(faces)[0], seed, bounds),
        output_shape=(SIDE_PX, SIDE_PX),
        fill_value=0.0,  # as serving fills what lies beyond a picture
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def _shade(x: tf.Tensor, seed: tf.Tensor, bounds: Augmentation) -> tf.Tensor:
    light, slope = tf.unstack(tf.random.stateless_uniform((2, tf.shape(x)[0], 1, 1, 1), seed, -1, 1))
    mean = tf.reduce_mean(x, axis=(1, 2, 3), keepdims=True)
    shaded = mean + (1 + bounds.contrast * slope) * (x - mean) + 255 * bounds.brightness * light
    return tf.clip_by_value(shaded, 0, 255)


def _lower_resolution(x: tf.Tensor, seed: tf.Tensor, probability: float) -> tf.Tensor:
    """Shrink some faces and enlarge them again; the faces of a batch share one size, which keeps it one operation."""
    size_seed, choice_seed = tf.unstack(tf.random.split(seed))
    side = tf.random.stateless_uniform((), size_seed, *_LOW_SIDES_PX, dtype=tf.int32)
    small = tf.image.resize(x, (side, side), method="area")
    coarse = tf.image.resize(small, (SIDE_PX, SIDE_PX), method="bilinear")
    return tf.where(_chosen(x, choice_seed, probability), coarse, x)


def _cut_border(x: tf.Tensor, seed: tf.Tensor, probability: float) -> tf.Tensor:
    """Blacken one edge of some faces, as when a face leaves its picture."""
    choice_seed, depth_seed, edge_seed = tf.unstack(tf.random.split(seed, 3))
    count = tf.shape(x)[0]
    depth = tf.random.stateless_uniform((count, 1), depth_seed, 0, _MAX_CUT * SIDE_PX)
    edge = tf.random.stateless_uniform((count, 1), edge_seed, 0, 4, dtype=tf.int32)
    place = tf.range(SIDE_PX, dtype=tf.float32)[None]
    # Edges 0 and 2 are the first rows and columns, 1 and 3 the last ones.
    gone = tf.where(edge % 2 == 0, place < depth, place >= SIDE_PX - depth)
    gone = tf.where(edge[:, :, None] < 2, gone[:, :, None], gone[:, None, :])
    return tf.where(_chosen(x, choice_seed, probability) & gone[..., None], 0.0, x)


def _chosen(x: tf.Tensor, seed: tf.Tensor, probability: float) -> tf.Tensor:
    """Which faces a change of that probability befalls, bool (n, 1, 1, 1)."""
    return tf.random.stateless_uniform((tf.shape(x)[0], 1, 1, 1), seed) < probability
