"""What an uploaded file must be before it is stored: judged from its size and header, nothing is decoded here."""

from io import BytesIO

from django.conf import settings
from django.core.files import File
from PIL import Image, UnidentifiedImageError

from enrollment.errors import ImageRefused
from enrollment.reasons import Reason

FORMATS = ("JPEG", "PNG", "WEBP")
# The pixel limit is checked below, from the header; Pillow's own would only warn.
Image.MAX_IMAGE_PIXELS = None


def image_read(file: "File[bytes]") -> bytes:
    """The file's bytes, or ImageRefused with the reason's code."""
    if not file.size:
        raise _refused(Reason.EMPTY_FILE)
    if file.size > settings.FACE_MAX_IMAGE_BYTES:
        raise _refused(Reason.FILE_TOO_LARGE)
    data: bytes = file.read()
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
    return data


def _refused(reason: Reason) -> ImageRefused:
    return ImageRefused(str(reason.label), code=reason.value)
