"""What an uploaded file must be before it is stored: judged from its size and header, nothing is decoded here."""

from io import BytesIO

from django.conf import settings
from django.core.files import File
from PIL import Image, UnidentifiedImageError

from enrollment.errors import ImageRefused
from enrollment.reasons import Reason

FORMATS = ("JPEG", "PNG", "WEBP")
# What other programs would take the same bytes for. Phones put a second still, a film or notes of their own behind a
# picture, so it is not the extra bytes that are refused: each mark is so long that pixels hardly ever look like it.
MARKUP = (
    b"<script", b"<!doctype", b"<html>", b"<html ", b"<body ", b"<svg>", b"<svg ", b"<iframe", b"<?php", b"%pdf-",
)  # fmt: skip
PROGRAMS = (
    b"\x7fELF\x01\x01\x01", b"\x7fELF\x02\x01\x01", b"This program cannot be run in DOS mode",
    b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c",
)  # fmt: skip
# A zip archive with anything in it has all three: the end of its list, the list, and an entry.
ARCHIVE = (b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04")
# The pixel limit is checked below, from the header; Pillow's own would only warn.
Image.MAX_IMAGE_PIXELS = None


def image_read(file: "File[bytes]") -> bytes:
    """The file's bytes, or ImageRefused with the reason's code."""
    if not file.size:
        raise _refused(Reason.EMPTY_FILE)
    if file.size > settings.FACE_MAX_IMAGE_BYTES:
        raise _refused(Reason.FILE_TOO_LARGE)
    data: bytes = file.read()
    _check_header(data)
    if _is_something_else_too(data):
        raise _refused(Reason.HIDDEN_CONTENT)
    return data


def _check_header(data: bytes) -> None:
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            # A JPEG may hold a depth or gain map as a second still: that is no animation.
            is_animated = image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False)
    except UnidentifiedImageError as error:
        raise _refused(Reason.UNSUPPORTED_TYPE) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise _refused(Reason.UNREADABLE_IMAGE) from error
    if (
        width * height > settings.FACE_MAX_IMAGE_PIXELS
        or max(width, height) > settings.FACE_MAX_IMAGE_SIDE_PX
    ):
        raise _refused(Reason.TOO_MANY_PIXELS)
    if is_animated:
        raise _refused(Reason.ANIMATED_IMAGE)


def _is_something_else_too(data: bytes) -> bool:
    """Whether a browser, an interpreter, a loader or an unpacker would find something of its own in the picture."""
    if all(mark in data for mark in ARCHIVE) or any(mark in data for mark in PROGRAMS):
        return True
    lower = data.lower()
    return any(mark in lower for mark in MARKUP)


def _refused(reason: Reason) -> ImageRefused:
    return ImageRefused(str(reason.label), code=reason.value)
