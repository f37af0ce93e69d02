"""Pictures in a zip archive that somebody sent: nothing of it is written to disk, and nothing is unpacked twice."""

import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.conf import settings
from django.core.files import File

from enrollment.errors import ArchiveRefused

MOST_PICTURES = 500
MOST_BYTES = 64 * 1024 * 1024
# Pictures are compressed already; what shrinks a hundredfold is no picture.
MOST_SHRUNK = 100
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED_FLAG = 0x1
# What desktops leave in archives that they make.
LITTER = ("__MACOSX/", ".")


class Entry(NamedTuple):
    """One named file, whose bytes come when they are read: none if it cannot be unpacked."""

    name: str
    read: Callable[[], bytes | None]


def archive_read(file: "File[bytes]") -> list[Entry]:
    """The files of a zip archive. Raises ArchiveRefused before any is unpacked."""
    try:
        archive = ZipFile(BytesIO(file.read()))
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ArchiveRefused from error
    infos = [info for info in archive.infolist() if not _is_skipped(info.filename)]
    _check(infos)
    return [Entry(info.filename, partial(_unpacked, archive, info)) for info in infos]


def _is_skipped(name: str) -> bool:
    """Folders, for which `ZipInfo.is_dir` fails on an entry without a name, and litter."""
    return name.endswith("/") or name.startswith(LITTER[0]) or name.rsplit("/", 1)[-1].startswith(LITTER[1])


def _check(infos: list[ZipInfo]) -> None:
    if not infos:
        raise ArchiveRefused("The archive has no pictures.", code="archive_empty")
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if len(infos) > MOST_PICTURES:
        raise ArchiveRefused(f"Send at most {MOST_PICTURES} pictures at once.", code="archive_too_large")
    if unpacked > MOST_BYTES or unpacked > MOST_SHRUNK * max(packed, 1):
        raise ArchiveRefused(
            f"An archive unpacks to at most {MOST_BYTES // 2**20} MB.", code="archive_too_large"
        )
    if any(_is_tricky(info.filename) for info in infos):
        raise ArchiveRefused("The archive has names that lead out of it.", code="archive_bad_path")
    if any(info.flag_bits & ENCRYPTED_FLAG or info.compress_type not in METHODS for info in infos):
        raise ArchiveRefused("Send a zip archive without encryption, stored or deflated.")


def _is_tricky(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")


def _unpacked(archive: ZipFile, info: ZipInfo) -> bytes | None:
    """At most as many bytes as the archive's list says, and never more than one beyond what a picture may weigh."""
    try:
        with archive.open(info) as file:
            return file.read(settings.FACE_MAX_IMAGE_BYTES + 1)
    except (BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError):
        return None
