"""What backends call people."""

import re
from pathlib import PurePosixPath

from enrollment.errors import ImageRefused
from enrollment.reasons import Reason

EXTERNAL_ID = re.compile(r"[^\x00-\x1f\x7f/\\]{1,128}")
# What comes after another dot belongs to the name: `anna.smith` is not `anna`.
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


def external_id_of(name: str) -> str:
    """The folder of a file, or its name without the ending. Raises ImageRefused where neither names anybody."""
    path = PurePosixPath(name)
    own_name = path.stem if path.suffix.lower() in ENDINGS else path.name
    external_id = path.parent.name or own_name
    if not EXTERNAL_ID.fullmatch(external_id) or not external_id.strip():
        raise refused(Reason.BAD_NAME)
    return external_id.strip()


def names_whom(name: str, external_id: str) -> bool:
    try:
        return external_id_of(name) == external_id
    except ImageRefused:
        return False


def refused(reason: Reason) -> ImageRefused:
    return ImageRefused(str(reason.label), code=reason.value)
