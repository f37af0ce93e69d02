"""Real pictures, damaged in many ways, always the same for the same chance."""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from hypothesis import settings
from hypothesis import strategies as st

from tests.faces import portrait

KINDS = ("JPEG", "PNG", "WEBP")
# What a file's own lengths and sizes are overwritten with.
EXTREMES = (
    b"\0\0",
    b"\xff\xff",
    b"\x7f\xff",
    b"\x80\0",
    b"\0\x01",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x7f\xff\xff\xff",
)
# How much of the start of a file tells what is in it.
HEADER_BYTES = 400
# Without a deadline: a spoiled header may announce a large picture.
FUZZ = settings(max_examples=300, deadline=None)


def picture(kind: str, **options: object) -> bytes:
    """One face, 160 pixels wide."""
    file = io.BytesIO()
    portrait().resize((160, 120)).save(file, kind, **options)
    return file.getvalue()


@lru_cache
def originals() -> tuple[bytes, ...]:
    """One file of each kind of coding."""
    plain = [picture(kind) for kind in KINDS]
    return (
        *plain,
        picture("JPEG", progressive=True),
        picture("WEBP", lossless=True),
        picture("JPEG", comment=b"x" * 300),
    )


def _bytes_changed(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)


def _bits_flipped(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _header_spoiled(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        start, extreme = chance.randrange(min(HEADER_BYTES, len(data))), chance.choice(EXTREMES)
        data[start : start + len(extreme)] = extreme


def _end_lost(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def _middle_lost(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randint(1, 2000)]


def _blanked(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    length = min(chance.randint(1, 2000), len(data) - start)
    data[start : start + length] = bytes([chance.choice((0, 255))]) * length


def _repeated(data: bytearray, chance: random.Random) -> None:
    start, where = chance.randrange(len(data)), chance.randrange(len(data))
    data[where:where] = data[start : start + chance.randint(1, 2000)] * chance.randint(1, 5)


def _mixed(data: bytearray, chance: random.Random) -> None:
    """The start of one picture, the rest of another."""
    where = chance.randrange(1, len(data))
    data[where:] = chance.choice(originals())[where:]


WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _bytes_changed, _bits_flipped, _header_spoiled, _end_lost, _middle_lost, _blanked, _repeated, _mixed,
)  # fmt: skip


def damaged_files(count: int, *, seed: int = 0) -> Iterator[bytes]:
    """Each original in each way in turn; every third is damaged once more."""
    chance, whole = random.Random(seed), originals()
    for number in range(count):
        data = bytearray(whole[number % len(whole)])
        WAYS[number // len(whole) % len(WAYS)](data, chance)
        if number % 3 == 0 and len(data) > 1:
            chance.choice(WAYS)(data, chance)
        yield bytes(data)


@st.composite
def spoiled(draw: st.DrawFn, files: Sequence[bytes]) -> bytes:
    """For hypothesis, which looks for the worst: one of the files with some bits flipped, its end cut off or not.

    Every other flip is at the start, where a file says what is in it.
    """
    data = bytearray(draw(st.sampled_from(files)))
    anywhere = st.integers(0, len(data) - 1)
    places = st.one_of(st.integers(0, HEADER_BYTES), anywhere)
    for place, mask in draw(st.lists(st.tuples(places, st.integers(1, 255)), max_size=12)):
        data[place % len(data)] ^= mask
    return bytes(data[: draw(st.one_of(st.just(len(data)), anywhere))])
