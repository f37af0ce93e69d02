"""A head from ellipsoids and cones that melt into each other."""

from typing import NamedTuple

import numpy as np

from scripts.heads.people import Head
from scripts.heads.solids import Array, carved, cone, ellipsoid, joined, length, within

EYE_DEPTH, EYE_RADIUS, LID_RADIUS = 0.545, 0.128, 0.142


class Parts(NamedTuple):
    """Distances to the parts of a head, each (n,)."""

    skin: Array
    eyes: Array
    hair: Array
    shirt: Array


def parts(points: Array, head: Head) -> Parts:
    """Distances from points to a head's parts."""
    points = relaxed(points, head)
    half = mirrored(points)
    skull = ellipsoid(half, (0, 0.28, -0.25), (0.74 * head.width, 0.84, 0.95))
    skin = _nose(_bones(skull, half, head), half, head)
    skin = _lids(_lips(skin, half, head), half, head)
    skin = joined(_ears(skin, half, head), cone(half, (0, -0.7, -0.2), (0, -2, -0.3), _neck(head)), 0.12)
    eyes = length(half - np.array((head.eye_gap, 0, EYE_DEPTH), np.float32)) - EYE_RADIUS
    collar = cone(half, (0, -1.45, -0.27), (0, -2, -0.3), (0.47, 0.6))
    shirt = joined(ellipsoid(half, (0, -2.15, -0.3), (1.55, 0.55, 0.55)), collar, 0.2)
    return Parts(skin, eyes, _hair(skull, points, head), shirt)


def surface(points: Array, head: Head) -> Array:
    """Distance to the nearest part, (n,)."""
    return np.asarray(np.minimum.reduce(parts(points, head)), np.float32)


def relaxed(points: Array, head: Head) -> Array:
    """Points as they lie about a head whose lower face is of the usual length."""
    usual = points.copy()
    usual[:, 1] = np.where(points[:, 1] < 0, points[:, 1] / head.length, points[:, 1])
    return usual


def mirrored(points: Array) -> Array:
    """Points of both halves laid upon the left one."""
    half = points.copy()
    half[:, 0] = np.abs(points[:, 0])
    return half


def opening(across: Array, up: Array, head: Head) -> Array:
    """Below zero between the lids of an eye: an almond about its centre; about a distance, (n,)."""
    wide, high = head.eye
    up, along = up - head.slant * across, across / wide
    arc = np.clip(1 - along * along, -1, 1)
    above, below = up - 1.15 * high * arc * (1 - 0.12 * along), -0.75 * high * arc - up
    return np.asarray(np.maximum(above, below), np.float32)


def _neck(head: Head) -> tuple[float, float]:
    return 0.42 * head.width, 0.45 * head.width


def _bones(skin: Array, half: Array, head: Head) -> Array:
    """Face, chin, jaw, cheeks and brow, and the hollows of the eyes."""
    wide = head.width
    skin = joined(skin, ellipsoid(half, (0, -0.30, 0.02), (0.63 * wide, 0.80, 0.66)), 0.2)
    skin = joined(skin, ellipsoid(half, (0, -0.92, 0.36), (0.24 * head.chin, 0.2, 0.22)), 0.25)
    jaw = cone(half, (0.50 * wide * head.jaw, -0.55, -0.1), (0.16, -0.98, 0.4), (0.16, 0.14))
    skin = joined(skin, jaw, 0.22)
    full = (0.2 * head.cheek, 0.2 * head.cheek, 0.17 * head.cheek)
    skin = joined(skin, ellipsoid(half, (0.40 * wide, -0.24, 0.40), full), 0.2)
    thick = 0.06 * head.ridge
    skin = joined(skin, cone(half, (0.08, 0.17, 0.64), (0.42 * wide, 0.19, 0.50), (thick, thick)), 0.14)
    skin = joined(skin, ellipsoid(half, (0, -0.68, 0.52), (0.27, 0.26, 0.17)), 0.16)
    return carved(skin, ellipsoid(half, (head.eye_gap, 0, 0.82), (0.17, 0.105, 0.13)), 0.11)


def _nose(skin: Array, half: Array, head: Head) -> Array:
    wide, long, high = head.nose
    bridge = cone(half, (0, 0.14, 0.60), (0, -0.30 * long, 0.80 * high), (0.065 * wide, 0.085 * wide))
    skin = joined(skin, bridge, 0.09)
    hump = ellipsoid(half, (0, -0.08, 0.70 * high), (0.06, 0.12, 0.05 + 0.08 * head.hump))
    skin = joined(skin, hump, 0.06) if head.hump else skin
    skin = joined(skin, ellipsoid(half, (0, -0.37 * long, 0.86 * high), (0.105 * wide, 0.09, 0.11)), 0.06)
    wing = ellipsoid(half, (0.115 * wide, -0.40 * long, 0.76 * high), (0.07 * wide, 0.07, 0.09))
    skin = joined(skin, wing, 0.05)
    nostril = ellipsoid(half, (0.06 * wide, -0.475 * long, 0.83 * high), (0.035 * wide, 0.035, 0.05))
    return carved(skin, nostril, 0.03)


def _lips(skin: Array, half: Array, head: Head) -> Array:
    aside = np.square(half[:, 0] / head.mouth)
    bent = half + np.stack([0 * aside, -0.012 * aside, 0.084 * aside], axis=1)
    upper = ellipsoid(bent, (0, -0.655, 0.69), (0.98 * head.mouth, 0.045 * head.lips, 0.055))
    lower = ellipsoid(bent, (0, -0.735, 0.685), (0.8 * head.mouth, 0.055 * head.lips, 0.06))
    skin = joined(joined(skin, upper, 0.035), lower, 0.035)
    return carved(skin, ellipsoid(bent, (0, -0.695, 0.765), (head.mouth, 0.012, 0.03)), 0.02)


def _lids(skin: Array, half: Array, head: Head) -> Array:
    """A ball of skin about each eye, slit open."""
    relative = half - np.array((head.eye_gap, 0, EYE_DEPTH), np.float32)
    slit = 0.8 * opening(relative[:, 0], relative[:, 1], head)
    away = length(relative)
    skin = joined(skin, carved(away - LID_RADIUS, slit, 0.008), 0.045)
    in_front = (relative[:, 2] > 0.06) & (away < 0.3)
    return np.where(in_front, np.maximum(skin, -slit), skin)


def _ears(skin: Array, half: Array, head: Head) -> Array:
    ear = ellipsoid(half, (0.745 * head.width, -0.08, -0.12), (0.05, 0.2, 0.12))
    hollow = ellipsoid(half, (0.80 * head.width, -0.06, -0.08), (0.05, 0.12, 0.07))
    return joined(skin, carved(ear, hollow, 0.03), 0.05)


def _hair(skull: Array, points: Array, head: Head) -> Array:
    """A shell about the skull, cut along the hairline."""
    x, y, z = points.T
    strands = 0.008 * np.sin(30 * x + 4 * np.sin(5 * y)) * np.sin(9 * z + 3)
    side = np.abs(x)
    if head.has_long_hair:
        shell = skull - 0.11 - 0.04 * np.clip(y, 0, 1) + strands
        fall = ellipsoid(mirrored(points), (0.1, -0.45, -0.42), (0.82, 1.25, 0.5)) + strands
        face = np.square(x / 0.60) + np.square((y + 0.25) / 0.88) - 1
        return within(joined(shell, fall, 0.15), 0.9 * np.minimum(z, -0.4 * face), 0.05)
    shell = skull - 0.07 - 0.05 * np.clip(y, 0, 1) + strands
    line = 0.62 + 0.03 * np.sin(6 * x + 1) + 0.006 * np.sin(37 * x)
    line = line - 0.25 * np.square(np.clip((side - 0.45) / 0.25, 0, 1)) - 0.55 * np.clip(0.25 - z, 0, 1)
    return within(shell, 0.7 * (np.where(z < -0.2, -0.35, line) - y), 0.05)
