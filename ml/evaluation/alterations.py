"""What may go wrong with a picture before it reaches the site, done to pictures on purpose.

Each alteration takes a picture, RGB uint8 (height, width, 3), and the mesh of its face, and returns the altered
picture, or None where it cannot be done to this one.
"""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from ml.faces import alignment, images
from ml.faces.landmarks import Mesh
from ml.faces.quality import face_size
from ml.types import Floats, Picture

Alteration = Callable[[Picture, Mesh], Picture | None]

# Corners of the eyes in the mesh, image-left eye first, each from the image's left to its right.
_EYES = ((33, 133), (362, 263))
_TEMPLES = (127, 356)
_LENS, _RIM = (18, 18, 22), (60, 44, 36)
_GAMMA = 2.2


def shrunk(rgb: Picture, mesh: Mesh, *, face_px: int) -> Picture | None:
    """Shrink the picture until its face has a size, as `Quality.face_size_px` measures; None if it is smaller already.

    Args:
        rgb: The picture.
        mesh: Of its face.
        face_px: The wanted size.
    """
    scale = face_px / face_size(mesh)
    if scale >= 1:
        return None
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def cut(rgb: Picture, mesh: Mesh, *, quarter_turns: int, inside: float) -> Picture | None:
    """Move a side of the picture inwards until only a share of the aligned crop lies within; None if it does already.

    Args:
        rgb: The picture.
        mesh: Of its face.
        quarter_turns: Which side: 0 the top, 1 the right, 2 the bottom, 3 the left.
        inside: The share that is left, in (0, 1).
    """
    matrix = alignment.similarity_transform(alignment.five_points(mesh), alignment.TEMPLATE)
    height, width = rgb.shape[:2]

    def left_inside(removed: int) -> float:
        top, right, bottom, left = (removed * (side == quarter_turns) for side in range(4))
        moved = matrix.copy()
        moved[:, 2] += matrix[:, :2] @ np.array([left, top], np.float32)
        return alignment.inside_fraction(moved, height=height - top - bottom, width=width - left - right)

    if left_inside(0) < inside:
        return None
    limit = (width if quarter_turns % 2 else height) - 1
    removed = bisect_right(range(limit), -inside, key=lambda lines: -left_inside(lines)) - 1
    turned = np.rot90(rgb, quarter_turns)[removed:]
    return np.ascontiguousarray(np.rot90(turned, -quarter_turns))


def blurred(rgb: Picture, mesh: Mesh, *, sigma_px: float) -> Picture | None:
    """Blur as a lens out of focus, with a Gaussian of a deviation in pixels."""
    del mesh
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma_px), np.uint8)


def moved(rgb: Picture, mesh: Mesh, *, length_px: int) -> Picture | None:
    """Blur as a head that turns while the shutter is open: the mean along a horizontal line of pixels."""
    del mesh
    line = np.full((1, length_px), 1 / length_px, np.float32)
    return np.asarray(cv2.filter2D(rgb, -1, line, borderType=cv2.BORDER_REPLICATE), np.uint8)


def exposed(rgb: Picture, mesh: Mesh, *, light: float) -> Picture | None:
    """Take the picture with other light: 0.5 is half of it. Pixels are light to the power of 1 / 2.2, cut at white."""
    del mesh
    levels = np.clip(np.arange(256) * light ** (1 / _GAMMA), 0, 255).round().astype(np.uint8)
    return np.asarray(levels[rgb], np.uint8)


def compressed(rgb: Picture, mesh: Mesh, *, quality: int) -> Picture | None:
    """Store as JPEG of a quality from 1 to 100."""
    del mesh
    return images.decode(images.encode_jpeg(rgb, quality=quality))


def sunglasses(rgb: Picture, mesh: Mesh) -> Picture | None:
    """Put dark glasses on the face: opaque lenses with rims, a bridge and temples, drawn over the landmarks."""
    eyes = np.stack([mesh.mean_of(*corners) for corners in _EYES])
    across = eyes[1] - eyes[0]
    between = float(np.linalg.norm(across))
    if between < 1:
        return None
    down = np.array([-across[1], across[0]], np.float32) / between
    centres = eyes + 0.06 * between * down
    rim = max(1, round(0.05 * between))
    drawn = rgb.copy()
    for centre, temple, outward in zip(centres, _TEMPLES, (-1, 1), strict=True):
        hinge = centre + outward * 0.42 * across
        cv2.line(drawn, _point(hinge), _point(mesh.mean_of(temple)), _RIM, rim, cv2.LINE_AA)
    cv2.line(drawn, _point(centres[0]), _point(centres[1]), _RIM, rim, cv2.LINE_AA)
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    axes = (max(1, round(0.44 * between)), max(1, round(0.34 * between)))
    for centre in centres:
        cv2.ellipse(drawn, _point(centre), axes, angle, 0, 360, _LENS, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(drawn, _point(centre), axes, angle, 0, 360, _RIM, rim, cv2.LINE_AA)
    return drawn


def _point(place: Floats) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


# By kind and name, in the order of the tables. Cut faces keep a little more than the gate's limit of 97 %, as the place
# of the landmarks shifts when the picture is cut.
ALTERATIONS: dict[tuple[str, str], Alteration] = {
    **{("face size", f"{size} px"): partial(shrunk, face_px=size) for size in (32, 48, 64, 96)},
    **{
        ("cut by the edge", f"2 % at the {side}"): partial(cut, quarter_turns=turns, inside=0.98)
        for turns, side in ((0, "top"), (2, "bottom"), (3, "left"))
    },
    **{("blur", f"sigma {sigma} px"): partial(blurred, sigma_px=sigma) for sigma in (1, 2, 3)},
    **{("motion", f"{length} px"): partial(moved, length_px=length) for length in (7, 13)},
    ("occlusion", "sunglasses"): sunglasses,
    ("compression", "JPEG quality 20"): partial(compressed, quality=20),
    ("light", "1/16"): partial(exposed, light=1 / 16),
    ("light", "4 times"): partial(exposed, light=4),
}
