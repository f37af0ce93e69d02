"""Real faces for the tests: one that ships with a test dependency, many from the research sets where present."""

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter
from skimage import data

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
LFW = SHARED / "lfw" / "images"

needs_lfw = pytest.mark.skipif(not LFW.is_dir(), reason="needs the research faces in ../shared/data/lfw")


def jpeg(image: Image.Image, *, quality: int = 92) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@lru_cache
def astronaut() -> Image.Image:
    """Eileen Collins, by NASA, in the public domain."""
    return Image.fromarray(data.astronaut())


def portrait() -> Image.Image:
    """Her head and shoulders, 640 pixels wide."""
    return astronaut().crop((60, 0, 380, 240)).resize((640, 480), Image.Resampling.LANCZOS)


def portraits() -> list[bytes]:
    """Three different pictures of the same person."""
    return [
        jpeg(portrait()),
        jpeg(ImageEnhance.Brightness(portrait()).enhance(1.15)),
        jpeg(portrait().rotate(6, Image.Resampling.BICUBIC, expand=False)),
    ]


def blurred() -> bytes:
    return jpeg(portrait().filter(ImageFilter.GaussianBlur(9)))


def dark() -> bytes:
    return jpeg(ImageEnhance.Brightness(portrait()).enhance(0.08))


def tiny() -> bytes:
    canvas = Image.new("RGB", (640, 480), (120, 120, 120))
    canvas.paste(portrait().resize((120, 90)), (260, 195))
    return jpeg(canvas)


def two_people() -> bytes:
    canvas = Image.new("RGB", (1280, 480))
    canvas.paste(portrait(), (0, 0))
    canvas.paste(portrait(), (640, 0))
    return jpeg(canvas)


def cut_off() -> bytes:
    """The picture ends in the middle of the face."""
    width, height = portrait().size
    return jpeg(portrait().crop((int(width * 0.5), 0, width, height)))


def no_face() -> bytes:
    noise = np.random.default_rng(0).integers(90, 160, (480, 640, 3), dtype=np.uint8)
    return jpeg(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)))


def lfw(name: str, count: int) -> list[bytes]:
    """Pictures of one person of LFW."""
    return [path.read_bytes() for path in sorted((LFW / name).glob("*.jpg"))[:count]]


def lfw_people(count: int, *, images: int) -> list[str]:
    """Names of people with at least so many images, in alphabetical order."""
    names = (folder.name for folder in sorted(LFW.iterdir()) if len(list(folder.glob("*.jpg"))) >= images)
    return [name for _, name in zip(range(count), names, strict=False)]
