"""Distances from points to solids, below zero inside; combinations after Quilez, "Distance functions" (2008)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def length(vectors: Array) -> Array:
    """The length of each, (n,)."""
    return np.asarray(np.sqrt((vectors * vectors).sum(-1)), np.float32)


def joined(one: Array, other: Array, softness: float) -> Array:
    """Both solids, melted together where they are nearer than `softness`."""
    share = np.clip(0.5 + 0.5 * (other - one) / softness, 0, 1)
    melted = other * (1 - share) + one * share - softness * share * (1 - share)
    return np.asarray(melted, np.float32)


def within(one: Array, other: Array, softness: float) -> Array:
    """What both solids share, with a rounded edge."""
    return -joined(-one, -other, softness)


def carved(solid: Array, tool: Array, softness: float) -> Array:
    """The solid without the tool, with a rounded edge."""
    return within(solid, -tool, softness)


def ellipsoid(points: Array, centre: Sequence[float], radii: Sequence[float]) -> Array:
    """About the distance; exact on the surface, and nowhere too large by much."""
    relative, size = points - np.array(centre, np.float32), np.array(radii, np.float32)
    near, steep = length(relative / size), length(relative / (size * size))
    return np.asarray(near * (near - 1) / np.maximum(steep, 1e-6), np.float32)


def cone(points: Array, start: Sequence[float], end: Sequence[float], radii: tuple[float, float]) -> Array:
    """A rounded cone from a ball at `start` to a ball at `end`."""
    first = np.array(start, np.float32)
    axis = np.array(end, np.float32) - first
    along = np.clip(((points - first) @ axis) / (axis @ axis), 0, 1)
    thick = radii[0] + (radii[1] - radii[0]) * along
    return np.asarray(length(points - first - along[:, None] * axis) - thick, np.float32)


def step(start: float, end: float, value: Array) -> Array:
    """0 before `start`, 1 after `end`, and a smooth rise between; `end` may be the smaller one."""
    share = np.clip((value - start) / (end - start), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def bump(value: Array, width: float) -> Array:
    """1 at 0, falling off as a bell of this width."""
    return np.asarray(np.exp(-np.square(value / width)), np.float32)


def noise(points: Array, frequency: float, seed: int) -> Array:
    """Something irregular in [-1, 1]: seven waves in directions drawn with the seed."""
    draw = np.random.default_rng(seed)
    waves = [
        np.sin(points @ (draw.normal(size=3) * frequency).astype(np.float32) + draw.uniform(0, 2 * np.pi))
        for _ in range(7)
    ]
    return np.asarray(np.mean(waves, axis=0), np.float32)
