"""A picture of a head: rays that feel their way to the surface, and the light there."""

from collections.abc import Sequence

import cv2
import numpy as np

from ml.types import Picture
from scripts.heads.paint import EYES, SKIN, painted
from scripts.heads.people import Head, View
from scripts.heads.shape import parts, surface
from scripts.heads.solids import Array, length

_FINER = 2  # drawn larger, then scaled down: the edges come out smooth
_DISTANCE, _REACH, _HALF_HEIGHT = 7.5, 2.5, 1.55
_TOUCH = 0.0015
# Light that has been under the skin comes out beyond the edge of the shadow, red further than blue.
_BLEED = np.array((0.38, 0.22, 0.16), np.float32)
_SKY, _FILL_FROM, _FILL = 0.16, (0.6, 0.1, 0.8), np.array((0.29, 0.31, 0.34), np.float32)
_TETRAHEDRON = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)


def draw(head: Head, view: View, *, side: int) -> Picture:
    """Draw a head, uint8 (side, side, 3)."""
    turn = _rotation(view)  # from the head's axes to the room's
    targets = _screen(side * _FINER)
    eye = np.array((0, -0.05, _DISTANCE), np.float32)
    rays = targets - eye
    rays = np.asarray((rays / length(rays)[:, None]) @ turn, np.float32)
    viewer = turn.T @ eye
    travelled, hit = _marched(viewer, rays, head)
    shades = (
        np.array(view.backdrop, np.float32) * (1 + 0.07 * targets[:, 1] - 0.02 * targets[:, 0] ** 2)[:, None]
    )
    seen = viewer + travelled[hit, None] * rays[hit]
    shades[hit] = _lit(seen, -rays[hit], head, view, turn, viewer)
    levels = (255 * np.clip(shades, 0, 1)).reshape(side * _FINER, side * _FINER, 3)
    small = cv2.resize(levels, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(np.round(small), np.uint8)


def _rotation(view: View) -> Array:
    yaw, pitch, roll = np.radians([view.yaw, view.pitch, view.roll])
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.asarray(np.array(about_y) @ np.array(about_x) @ np.array(about_z), np.float32)


def _screen(side: int) -> Array:
    """The points that the picture's pixels look through, row by row."""
    steps = ((np.arange(side) + 0.5) / side * 2 - 1) * _HALF_HEIGHT
    across, down = np.meshgrid(steps, steps)
    points = np.stack([across, -down - 0.12, np.zeros_like(down)], axis=-1)
    return np.asarray(points.reshape(-1, 3), np.float32)


def _marched(start: Array, rays: Array, head: Head) -> tuple[Array, np.ndarray]:
    """How far each ray gets, and whether it meets the head: nothing is nearer than the distance says."""
    travelled = np.full(len(rays), _DISTANCE - _REACH, np.float32)
    hit, alive = np.zeros(len(rays), bool), np.arange(len(rays))
    while len(alive):
        free = surface(start + travelled[alive, None] * rays[alive], head)
        travelled[alive] += np.maximum(0.75 * free, _TOUCH / 4)
        hit[alive[free < _TOUCH]] = True
        alive = alive[(free >= _TOUCH) & (travelled[alive] < _DISTANCE + _REACH)]
    return travelled, hit


def _lit(points: Array, back: Array, head: Head, view: View, turn: Array, viewer: Array) -> Array:
    """The colour that each point sends along `back`."""
    normals = _normals(points, head)
    colour, gloss, part = painted(points, head, parts(points, head), viewer)
    key, fill, sky = (_direction(one, turn) for one in (view.key, _FILL_FROM, (0, 1, 0)))
    towards, shadow = normals @ key, _shadow(points, normals, key, head)
    skin = np.clip((towards[:, None] + _BLEED) / (1 + _BLEED), 0, 1) * (0.25 + 0.75 * shadow)[:, None]
    other = (np.clip(towards, 0, 1) * shadow)[:, None]
    light = 1.05 * np.where((part == SKIN)[:, None], skin, other) * np.array(view.warmth, np.float32)
    light = light + np.clip(normals @ fill, 0, 1)[:, None] * _FILL + (0.30 + _SKY * (normals @ sky))[:, None]
    between = key + back
    mirror = np.clip((normals * between).sum(axis=1) / length(between), 0, 1)
    shine = mirror ** np.where(part == EYES, 120, 18) * gloss * shadow
    sent = colour**2.2 * light * _openness(points, normals, head)[:, None] + 0.55 * shine[:, None]
    return np.asarray((sent / (1 + 0.18 * sent)) ** (1 / 2.2), np.float32)


def _direction(towards: Sequence[float], turn: Array) -> Array:
    """A direction of the room, of length 1, in the head's axes."""
    unit = np.array(towards, np.float32)
    return np.asarray((unit / np.linalg.norm(unit)) @ turn, np.float32)


def _normals(points: Array, head: Head) -> Array:
    slopes = [corner * surface(points + 0.002 * corner, head)[:, None] for corner in _TETRAHEDRON]
    total = np.sum(slopes, axis=0)
    return np.asarray(total / np.maximum(length(total), 1e-9)[:, None], np.float32)


def _shadow(points: Array, normals: Array, light: Array, head: Head) -> Array:
    """1 in the light, 0 in the shadow; what nearly hides the light makes a soft edge."""
    shown = np.ones(len(points), np.float32)
    away = np.full(len(points), 0.04, np.float32)
    for _ in range(28):
        free = surface(points + 0.01 * normals + away[:, None] * light, head)
        shown = np.minimum(shown, np.clip(9 * free / away, 0, 1))
        away = away + np.clip(free, 0.02, 0.15)
    return shown


def _openness(points: Array, normals: Array, head: Head) -> Array:
    """How much of the room a point sees: little in creases, (n,) from 0.15 to 1."""
    shown = np.ones(len(points), np.float32)
    for reach, share in ((0.03, 0.5), (0.08, 0.3), (0.18, 0.2), (0.35, 0.12)):
        free = surface(points + np.float32(reach) * normals, head)
        shown = shown - share * np.clip(reach - free, 0, reach) / reach
    return np.clip(shown, 0.15, 1)
