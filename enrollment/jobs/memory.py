"""How much memory reading pictures may take, whatever is wrong with them or with a decoder, and how long it is kept."""

import ctypes
import logging
import resource
from pathlib import Path

logger = logging.getLogger(__name__)

STATUS = Path("/proc/self/status")
# Of glibc's mallopt(3).
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
# Less than the pixels of a photograph, more than what the networks take and give for each picture.
KEPT_BYTES = 2**20


def keep_little() -> None:
    """Gives blocks of a megabyte and more back to the system at once; glibc would keep ever larger ones for later."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):  # other C libraries keep little anyway
        library.mallopt(MMAP_THRESHOLD, KEPT_BYTES)
        library.mallopt(TRIM_THRESHOLD, KEPT_BYTES)


def limit(mb: int) -> None:
    """Lets this process have so many more MB of its own data than it has now, for good; 0: as many as it likes.

    Counted from now, since a thread pool reserves memory by the number of cores. Data and not addresses are limited,
    since models are mapped from their files.
    """
    if not mb:
        return
    held = _data_bytes()
    if held is None:
        logger.warning("FACE_MEMORY_LIMIT_MB: this system does not tell how much memory a process has")
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + mb * 2**20
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _data_bytes() -> int | None:
    if not STATUS.is_file():  # only Linux has it
        return None
    lines = STATUS.read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmData:"))
    return int(kilobytes) * 1024
