"""The colour of every point of a head."""

import numpy as np

from scripts.heads.people import Head
from scripts.heads.shape import EYE_DEPTH, EYE_RADIUS, Parts, mirrored, opening, relaxed
from scripts.heads.solids import Array, bump, length, noise, step

SKIN, EYES, HAIR, SHIRT = range(4)
_IRIS, _PUPIL = 0.47, 0.42  # the iris's angle about the eye's centre, and the pupil's share of it
_GLOSS = np.array((0.16, 0.9, 0.25, 0.0), np.float32)


def painted(points: Array, head: Head, near: Parts, viewer: Array) -> tuple[Array, Array, Array]:
    """Colour (n, 3), gloss (n,) and the part's number (n,) of points on a head.

    Args:
        points: On its surface.
        head: Whose.
        near: Their distances to its parts.
        viewer: Where the eyes look, (3,).
    """
    part = np.argmin(np.stack(near), axis=0)
    colour = np.empty_like(points)
    for number, paint in ((SKIN, _skin), (HAIR, _hair), (SHIRT, _shirt)):
        colour[part == number] = paint(points[part == number], head)
    colour[part == EYES] = _eyes(points[part == EYES], head, viewer)
    return colour, _GLOSS[part], part


def _skin(points: Array, head: Head) -> Array:
    usual = relaxed(points, head)
    half = mirrored(usual)
    tone = 1 + 0.035 * noise(usual, 9, head.seed)
    tone = tone + 0.03 * noise(usual, 45, head.seed) + 0.03 * noise(usual, 120, head.seed)
    colour = np.array(head.skin, np.float32) * tone[:, None]
    colour = _flushed(colour, half, head)
    colour = _about_eyes(colour, half, head)
    colour = _covered(colour, head.hair, _beard(usual, half, head))
    colour = _covered(colour, head.hair, 0.92 * _brows(half, usual, head))
    return _mouth(colour, half, head)


def _covered(colour: Array, paint: tuple[float, float, float], share: Array) -> Array:
    return np.asarray(colour + (np.array(paint, np.float32) - colour) * share[:, None], np.float32)


def _flushed(colour: Array, half: Array, head: Head) -> Array:
    """Redder cheeks and nose, and freckles."""
    x, y, z = half.T
    cheeks = bump(x - 0.38, 0.2) * bump(y + 0.33, 0.18) + bump(x, 0.14) * bump(y + 0.38, 0.1)
    colour = colour * (1 - (0.5 * cheeks * (z > 0.2))[:, None] * np.array((0.02, 0.16, 0.16), np.float32))
    spots = step(0.62, 0.85, 1.6 * noise(half, 70, head.seed + 20)) * bump(y + 0.25, 0.25) * (z > 0.3)
    fading = (head.freckles * spots)[:, None] * np.array((0.2, 0.35, 0.4), np.float32)
    return np.asarray(colour * (1 - fading), np.float32)


def _about_eyes(colour: Array, half: Array, head: Head) -> Array:
    """The lashes, the crease of the lid, and the shade about an eye."""
    across, (wide, high) = half[:, 0] - head.eye_gap, head.eye
    up = half[:, 1] - head.slant * np.where(np.abs(across) < 0.3, across, 0)
    edge = 1.15 * high * np.clip(1 - np.square(across / wide), 0, 1)
    front, beside = half[:, 2] > 0.3, np.abs(across) < wide
    crease = 0.35 * bump(up - edge - 0.045, 0.012) * beside
    lashes = 0.9 * bump(up - edge - 0.008, 0.013) * beside
    shade = 0.25 * bump(opening(across, half[:, 1], head), 0.03) * (np.hypot(across, up) < 0.3)
    for dark in (crease, shade, lashes):
        colour = colour * (1 - dark * front)[:, None]
    return colour


def _beard(usual: Array, half: Array, head: Head) -> Array:
    x, y, z = half.T
    grain = 0.8 + 0.2 * np.clip(2 * noise(usual, 170, head.seed + 5), -1, 1)
    below = step(0.50, 0.62, 0.55 * np.clip(x - 0.12, 0, None) - y)
    neck = step(-1.0, -0.9, y) + step(0.15, 0.3, z)  # what lies lower, and further back, is the neck
    return np.asarray(
        head.beard * grain * below * step(-0.2, 0.15, z + 0.15) * np.clip(neck, 0, 1), np.float32
    )


def _brows(half: Array, usual: Array, head: Head) -> Array:
    x, y, z = half.T
    height, thick, arch = head.brow
    along = np.clip((x - 0.09) / 0.39, 0, 1)
    middle = height + arch * np.sin(0.85 * np.pi * along) - 0.05 * np.clip(along - 0.7, 0, 1)
    thickness = thick * (1 - 0.65 * along) * (0.5 + 0.5 * step(0, 0.12, along))
    hairs = 0.75 + 0.35 * np.sin(220 * (1.5 * x - y) + 6 * noise(usual, 12, head.seed + 7))
    body = np.exp(-(((y - middle) / thickness) ** 4)) * step(0.05, 0.11, x) * step(0.50, 0.44, x)
    return np.asarray(body * np.clip(hairs, 0, 1) * (z > 0.3), np.float32)


def _mouth(colour: Array, half: Array, head: Head) -> Array:
    """The lips, the line between them, and the nostrils."""
    x, y, z = half.T
    along, front = np.clip(x / head.mouth, 0, 1), z > 0.35
    up = y - 0.012 * along * along + 0.695
    top = 0.075 * head.lips * (1 - along**1.8) * (1 - 0.22 * bump(x, 0.03))
    bottom = -0.10 * head.lips * (1 - along**2.2)
    lips = step(0.012, -0.012, np.maximum(up - top, bottom - up)) * front * (x < head.mouth)
    colour = _covered(colour, head.lip, lips)
    line = bump(up, 0.011) * step(1.04 * head.mouth, 0.9 * head.mouth, x) * front
    wide, long, _ = head.nose
    nostrils = bump(x - 0.06 * wide, 0.04 * wide) * bump(y + 0.475 * long, 0.03) * (z > 0.6)
    return np.asarray(colour * (1 - 0.8 * np.maximum(line, nostrils))[:, None], np.float32)


def _eyes(points: Array, head: Head, viewer: Array) -> Array:
    """White, iris and pupil of eyes that look at the viewer, in the shadow of the upper lid."""
    side = np.sign(points[:, :1])
    centre = side * np.array((head.eye_gap, 0, 0), np.float32) + np.array((0, 0, EYE_DEPTH), np.float32)
    out, gaze = (points - centre) / EYE_RADIUS, np.asarray(viewer - centre, np.float32)
    angle = np.arccos(np.clip((out * gaze).sum(axis=1) / length(gaze), -1, 1)) / _IRIS
    rays = 1 + 0.25 * np.sin(40 * np.arctan2(out[:, 1], out[:, 0]))
    iris = np.array(head.iris, np.float32) * ((0.7 + 0.6 * np.clip(1 - angle, 0, 1)) * rays)[:, None]
    white = np.array((0.86, 0.83, 0.80), np.float32)
    colour = np.where((angle < 1)[:, None], iris, white) * (1 - 0.6 * bump(angle - 1, 0.1))[:, None]
    colour = np.where((angle < _PUPIL)[:, None], 0.02, colour)
    across = np.asarray(np.abs(points[:, 0]) - head.eye_gap, np.float32)
    inside = opening(across, points[:, 1], head)
    return np.asarray(colour * (0.45 + 0.55 * step(-0.005, -0.05, inside))[:, None], np.float32)


def _hair(points: Array, head: Head) -> Array:
    strands = np.sin(120 * np.arctan2(points[:, 0], points[:, 2] + 0.4) + 9 * noise(points, 4, head.seed + 9))
    fine = noise(points * np.array((1, 0.15, 1), np.float32), 110, head.seed + 11)
    locks = noise(points, 5, head.seed + 12)
    return np.asarray(
        np.array(head.hair, np.float32) * (0.9 + 0.16 * strands + 0.14 * fine + 0.12 * locks)[:, None],
        np.float32,
    )


def _shirt(points: Array, head: Head) -> Array:
    return np.array(head.shirt, np.float32) * (1 + 0.05 * noise(points, 40, 3))[:, None]
