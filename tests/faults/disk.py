"""Disks that are full: that of the pictures, and that of everything. Real ones, in memory."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.faces import jpeg, portrait
from tests.faults.breakages import Site
from tests.faults.visitor import Visitor
from tests.faults.world import files_and_rows

FULL_SECONDS, OFFERS = 5.0, 3
CLEAR = {"storage_full", "service_unavailable"}
NO_DISK = "mounting is not permitted here"


def mounted(folder: Path, size: str) -> bool:
    """Puts a disk of this size there, if that is permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def unmounted(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    try:
        yield
    finally:
        ballast.unlink()


def pictures_disk_full(site: Site) -> None:
    """Pictures are refused with a clear answer, nothing is half stored, and sign-in goes on."""
    if not site.has_disks:
        site.skipped["pictures_disk_full"] = NO_DISK
        return
    visitor = Visitor(site.stack.url, site.ledger)
    visitor.enroll()
    files, rows = files_and_rows(site.stack)
    orphans = files - rows
    with filled(site.stack.folder / "faces"):
        # Others take pictures back meanwhile, which makes room for one.
        statuses = [_offer(site, visitor, {202, 503}) for _ in range(OFFERS)]
        site.amiss["taken_without_room"] += int(503 not in statuses)
        site.amiss["sign_in_needs_room"] += int(visitor.verify(jpeg(portrait())) != "succeeded")
    _nothing_half_stored(site, orphans)
    visitor.take_back(visitor.give(picture()))


def disk_full(site: Site) -> None:
    """Broker, pictures, models and logs share it: whatever is refused is refused clearly."""
    if not site.has_disks:
        site.skipped["disk_full"] = NO_DISK
        return
    visitor = Visitor(site.stack.url, site.ledger)
    visitor.enroll()
    files, rows = files_and_rows(site.stack)
    with filled(site.stack.folder):
        deadline = time.monotonic() + FULL_SECONDS
        while time.monotonic() < deadline:
            _offer(site, visitor, {200, 202, 409, 503})
            _try_to_verify(site, visitor)
    _nothing_half_stored(site, files - rows)


def picture() -> bytes:
    """Never the same twice."""
    picture, comment = jpeg(portrait()), str(time.time_ns()).encode()
    return picture[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + picture[2:]


def _offer(site: Site, visitor: Visitor, statuses: set[int]) -> int:
    """The status of a picture's answer, which is one of these; it is refused in words."""
    headers = {"X-CSRFToken": visitor.token, "Referer": str(visitor.http.base_url)}
    answer = visitor.http.post("/api/v1/samples", files={"image": ("a.jpg", picture())}, headers=headers)
    _judge(site, answer, statuses)
    return answer.status_code


def _try_to_verify(site: Site, visitor: Visitor) -> None:
    try:
        visitor.verify(jpeg(portrait()))
    except httpx.HTTPStatusError as error:
        _judge(site, error.response, {503})


def _judge(site: Site, answer: httpx.Response, statuses: set[int]) -> None:
    clear = answer.status_code in statuses
    if answer.status_code >= 500:
        with suppress(json.JSONDecodeError):
            clear = clear and answer.json()["code"] in CLEAR
    site.amiss["full_disk_unclear_answers"] += int(not clear)
    if not clear:
        site.amiss[f"unclear: {answer.status_code} at {answer.url.path}"] += 1


def _nothing_half_stored(site: Site, orphans: set[str]) -> None:
    """Files and rows are the same again, and every file can be opened."""
    from enrollment.storage import faces_storage

    deadline = time.monotonic() + 10
    while True:
        files, rows = files_and_rows(site.stack)
        amiss = (files - rows - orphans) | (rows - files)
        if not amiss or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    site.amiss["half_stored"] += len(amiss)
    for name in files & rows:
        with suppress(FileNotFoundError):  # taken back meanwhile
            faces_storage().open(name).close()
