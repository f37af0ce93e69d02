"""Bytes from a stranger to an RGB array, and back. Limits are checked from the header, before any pixel is decoded."""

import io
import math
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ml.errors import ImageError
from ml.types import Picture


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What is accepted.

    Attributes:
        max_bytes: Size of the file.
        max_pixels: Width times height that the header announces.
        max_header_side_px: Longest side that the header announces: extreme strips cost memory out of all proportion.
        max_side_px: Larger pictures are shrunk to this long side, which costs no accuracy and bounds time and memory.
    """

    max_bytes: int = 5 * 1024 * 1024
    max_pixels: int = 25_000_000
    max_header_side_px: int = 16_000
    max_side_px: int = 1280


DEFAULT = ImageLimits()
_STRIP_PX = 128


def decode(data: bytes, *, limits: ImageLimits = DEFAULT) -> Picture:
    """Decode a JPEG, PNG or WebP picture, told by its content and not by its name.

    Args:
        data: The whole file.
        limits: What is accepted.

    Returns:
        Upright RGB, uint8 (height, width, 3): EXIF orientation applied, on white where it is transparent, long side at
        most `limits.max_side_px`.

    Raises:
        ImageError: With one of its codes.
    """
    if not data:
        raise ImageError("empty_file", "expected a picture, got 0 bytes")
    if len(data) > limits.max_bytes:
        raise ImageError("file_too_large", f"expected at most {limits.max_bytes} bytes, got {len(data)}")
    if not _has_known_signature(data):
        raise ImageError("unsupported_type", "expected a JPEG, PNG or WebP picture, got something else")
    with warnings.catch_warnings():
        # What Pillow warns of (odd EXIF, many pixels) is either harmless or refused below.
        warnings.simplefilter("ignore")
        try:
            return _load(data, limits)
        except MemoryError as error:
            raise ImageError("too_much_memory", "expected a picture that there is memory for") from error
        except Image.DecompressionBombError as error:
            raise ImageError(
                "too_many_pixels", f"expected at most {limits.max_pixels} pixels: {error}"
            ) from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
            raise ImageError("unreadable_image", f"expected a whole picture, got: {error}") from error


def encode_jpeg(rgb: Picture, *, quality: int = 92) -> bytes:
    """Encode RGB, uint8 (height, width, 3), as JPEG of the given quality (1 to 100), without metadata."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _has_known_signature(data: bytes) -> bool:
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    )


def _load(data: bytes, limits: ImageLimits) -> Picture:
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as image:
        pixels = image.width * image.height
        if max(image.size) > limits.max_header_side_px:
            raise ImageError(
                "too_many_pixels",
                f"expected sides up to {limits.max_header_side_px} pixels, got {image.size}",
            )
        if pixels > limits.max_pixels:
            raise ImageError("too_many_pixels", f"expected at most {limits.max_pixels} pixels, got {pixels}")
        # Phones store a second still (depth, gain map) in a JPEG: that is no animation.
        if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
            raise ImageError("animated_image", "expected a still picture, got an animation")
        image.draft("RGB", _size_within(image.size, limits.max_side_px))
        ImageOps.exif_transpose(image, in_place=True)  # as the next line: no copy where nothing is to be done
        rgb = _as_seen(image)
        return _pixels(rgb, _size_within(rgb.size, limits.max_side_px))


def _as_seen(image: Image.Image) -> Image.Image:
    """In RGB, what shows through lying on white: the colours below it may be a face that nobody sees."""
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image if image.mode in {"RGBA", "LA"} else image.convert("RGBA")
    seen = Image.new("RGB", layer.size, "white")
    seen.paste(layer, mask=layer)
    return seen


def _pixels(image: Image.Image, size: tuple[int, int]) -> Picture:
    """The pixels of an RGB image, shrunk to (width, height).

    They are taken over in strips, as Pillow would hold them all thrice while it converts them; from one edge of rows
    that both pictures have in common to another, so that no pixel is torn apart.
    """
    width, height = size
    edges = math.gcd(height, image.height)
    rows, of_rows = height // edges, image.height // edges
    if of_rows > _STRIP_PX:  # hardly an edge in common
        return _shrink(_pixels(image, image.size), size)
    rgb = np.empty((height, width, 3), np.uint8)
    step = _STRIP_PX // of_rows
    for top in range(0, edges, step):
        bottom = min(top + step, edges)
        strip = np.asarray(image.crop((0, top * of_rows, image.width, bottom * of_rows)))
        rgb[top * rows : bottom * rows] = _shrink(strip, (width, (bottom - top) * rows))
    return rgb


def _shrink(rgb: Picture, size: tuple[int, int]) -> Picture:
    if size == (rgb.shape[1], rgb.shape[0]):
        return rgb
    try:
        return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise


def _size_within(size: tuple[int, int], max_side_px: int) -> tuple[int, int]:
    """(width, height), shrunk to that long side if it is larger."""
    scale = min(1.0, max_side_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
