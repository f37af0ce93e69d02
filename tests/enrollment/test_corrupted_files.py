"""A thousand damaged pictures: each is refused with a reason or read, and none makes the process grow."""

import io
import random
import resource

from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.errors import ImageRefused
from enrollment.services import image_read
from ml.errors import ImageError
from ml.faces.images import decode
from tests.faces import portrait

FILES = 1000
MOST_GROWTH_KB = 60_000


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    portrait().resize((160, 120)).save(file, kind)
    return file.getvalue()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, and sometimes the end cut off, or the end of another file put behind."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 30)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    if chance.random() < 0.3:
        del spoiled[chance.randrange(1, len(spoiled)) :]
    return bytes(spoiled) + (b"<script>" if chance.random() < 0.1 else b"")


def test_a_thousand_damaged_files_end_in_a_reason_and_in_no_more_memory():
    chance = random.Random(0)
    originals = [picture(kind) for kind in ("JPEG", "PNG", "WEBP")]
    read = refused = 0
    before = 0
    for number in range(FILES):
        data = damaged(chance.choice(originals), chance)
        try:
            decode(image_read(SimpleUploadedFile("x", data)))
            read += 1
        except (ImageRefused, ImageError):
            refused += 1
        if number == FILES // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read + refused == FILES
    assert refused > FILES // 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KB
