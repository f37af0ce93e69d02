"""Turning, scaling and shifting a face so that its eyes, nose and mouth stand where every network expects them."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ml.faces.landmarks import Mesh
from ml.types import Floats, Picture

SIDE_PX = 112
Points = npt.NDArray[np.floating[Any]]

# The usual five points of 112 x 112 faces (Deng et al., ArcFace, 2019): image-left eye, image-right eye, nose tip,
# image-left and image-right mouth corner.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)


def align(rgb: Picture, mesh: Mesh) -> tuple[Picture, Floats]:
    """Cut a face out of a picture.

    Args:
        rgb: Uint8 (height, width, 3).
        mesh: The face's landmarks.

    Returns:
        The crop, uint8 (112, 112, 3) RGB, and the float32 (2, 3) matrix that takes the picture to it.
    """
    matrix = similarity_transform(five_points(mesh), TEMPLATE)
    return warp(rgb, matrix), matrix


def five_points(mesh: Mesh) -> Floats:
    """Return the mesh's counterpart of `TEMPLATE`, float32 (5, 2) in pixels of the picture."""
    return np.stack(
        [mesh.mean_of(33, 133), mesh.mean_of(362, 263), mesh.mean_of(1), mesh.mean_of(61), mesh.mean_of(291)]
    )


def similarity_transform(source: Points, target: Points) -> Floats:
    """Return the least-squares rotation, scale and shift that takes `source` to `target` (Umeyama, 1991).

    In the plane Umeyama's solution is a linear regression of complex numbers: `target = a * source + b`, where `a`
    holds scale and angle, and a reflection cannot occur.

    Args:
        source: Float (n, 2), not all the same point.
        target: Float (n, 2).

    Returns:
        Float32 (2, 3) matrix of the kind that `cv2.warpAffine` takes.
    """
    start, end = source @ np.array([1, 1j]), target @ np.array([1, 1j])
    centred = start - start.mean()
    a = np.vdot(centred, end - end.mean()) / np.vdot(centred, centred)
    b = end.mean() - a * start.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]], np.float32)


def warp(rgb: Picture, matrix: Floats) -> Picture:
    """Cut the aligned face, uint8 (112, 112, 3) RGB, out of a picture; what lies beyond its edges is black.

    Args:
        rgb: Uint8 (height, width, 3).
        matrix: Float32 (2, 3), picture to crop.
    """
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:
        # Bilinear sampling skips pixels when it shrinks by more than two: average them first.
        rgb, matrix = _half_way(*_around(rgb, matrix), 2 * scale)
    crop = cv2.warpAffine(rgb, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)
    return crop.astype(np.uint8, copy=False)


def inside_fraction(matrix: Floats, *, height: int, width: int) -> float:
    """Return the share of the aligned crop, in [0, 1], that lies within a picture of that height and width."""
    corners = _corners(matrix)
    picture = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    common, _ = cv2.intersectConvexConvex(corners, picture)
    return min(1.0, float(common) / float(cv2.contourArea(corners)))


def _corners(matrix: Floats) -> Floats:
    """Where the crop's corners are in the picture, float32 (4, 2)."""
    crop = np.array([[0, 0], [SIDE_PX, 0], [SIDE_PX, SIDE_PX], [0, SIDE_PX]], np.float32)
    return ((crop - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T).astype(np.float32)


def _around(rgb: Picture, matrix: Floats) -> tuple[Picture, Floats]:
    """The part of the picture that the crop is taken from, with some pixels around, and the matrix from there."""
    height, width = rgb.shape[:2]
    corners = _corners(matrix)
    edges = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    margin = 2 / np.hypot(matrix[0, 0], matrix[1, 0])
    left, top = np.clip(np.floor(edges[:2] - margin), 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.ceil(edges[2:] + margin), [left + 1, top + 1], [width, height]).astype(int)
    shift = matrix[:, 2] + matrix[:, :2] @ np.array([left, top], np.float32)
    return rgb[top:bottom, left:right], np.column_stack([matrix[:, :2], shift]).astype(np.float32)


def _half_way(rgb: Picture, matrix: Floats, scale: float) -> tuple[Picture, Floats]:
    height, width = rgb.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    # Pixel centres, not corners, are at whole coordinates: x' = (x + 0.5) * scale - 0.5.
    factors = np.array(size, np.float32) / np.array([width, height], np.float32)
    turned = matrix[:, :2] / factors
    shift = matrix[:, 2] + turned @ (0.5 - 0.5 * factors)
    return smaller, np.column_stack([turned, shift]).astype(np.float32)
