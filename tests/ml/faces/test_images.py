import io
import struct
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from ml.errors import ImageError
from ml.faces import images
from ml.faces.images import ImageLimits, decode, encode_jpeg
from tests.damage import FUZZ, originals, spoiled


def encoded(image, format_, **options):
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def refusal(data, **options):
    with pytest.raises(ImageError) as caught:
        decode(data, **options)
    return caught.value.code


def png_header(width, height):
    """A PNG that announces a size and carries next to nothing."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def picture():
    """Left half red, right half blue, 40 wide, 20 high."""
    rgb = np.zeros((20, 40, 3), np.uint8)
    rgb[:, :20, 0] = rgb[:, 20:, 2] = 255
    return Image.fromarray(rgb)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_it_decodes_to_rgb(picture, format_):
    rgb = decode(encoded(picture, format_))
    assert rgb.dtype == np.uint8
    assert rgb.shape == (20, 40, 3)
    assert rgb[10, 5, 0] > 200
    assert rgb[10, 5, 2] < 50


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_it_decodes_every_colour_mode_to_rgb(picture, mode):
    rgb = decode(encoded(picture.convert(mode), "JPEG" if mode == "CMYK" else "PNG"))
    assert rgb.shape == (20, 40, 3)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_it_sees_what_shows_through_lying_on_white(picture, mode):
    layer = picture.convert(mode)
    layer.putalpha(Image.fromarray(np.repeat(np.uint8([[255] * 10 + [0] * 30]), 20, axis=0)))
    rgb = decode(encoded(layer, "PNG"))
    assert (rgb[:, 10:] == 255).all()
    assert np.array_equal(rgb[:, :10], np.asarray(picture.convert(mode).convert("RGB"))[:, :10])


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_it_uncovers_no_colours_below_what_is_transparent(picture, format_):
    layer = picture.copy()
    layer.putalpha(0)
    assert (decode(encoded(layer, format_, lossless=True, exact=True)) == 255).all()


def test_it_uncovers_no_colours_of_a_transparent_palette(picture):
    data = encoded(picture.quantize(8), "PNG", transparency=bytes(8))
    assert (decode(data) == 255).all()


def test_it_applies_the_exif_orientation(picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to view
    rgb = decode(encoded(picture, "JPEG", exif=exif, quality=95))
    assert rgb.shape == (40, 20, 3)
    assert rgb[5, 10, 0] > 200  # what was left is now at the top


def test_it_shrinks_a_large_picture_to_the_longest_side():
    rgb = decode(encoded(Image.new("RGB", (2000, 1000), "red"), "JPEG"))
    assert rgb.shape == (640, 1280, 3)


def test_it_takes_over_every_row_of_a_high_picture():
    rgb = np.random.default_rng(0).integers(0, 256, (1001, 7, 3), np.uint8)
    assert np.array_equal(decode(encoded(Image.fromarray(rgb), "PNG")), rgb)


def test_it_decodes_no_more_of_a_photograph_than_the_longest_side_wants(monkeypatch):
    taken = []
    monkeypatch.setattr(images, "_pixels", lambda image, size: taken.append((image.size, size)))
    decode(encoded(Image.new("RGB", (2000, 3000)), "JPEG"))
    assert taken == [((1000, 1500), (853, 1280))]


@pytest.mark.parametrize(
    "size", [(2000, 1500), (1920, 1440), (1501, 2000), (2000, 1501), (1500, 1999), (400, 301)]
)
def test_it_shrinks_in_strips_as_it_would_the_whole(picture, size):
    large = picture.resize(size, Image.Resampling.BICUBIC)
    found = decode(encoded(large, "PNG"))
    whole = cv2.resize(np.asarray(large), found.shape[1::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(found, whole)


def test_it_returns_what_it_encoded(picture):
    rgb = np.asarray(picture.resize((64, 64)))
    error = np.abs(decode(encode_jpeg(rgb, quality=95)).astype(int) - rgb)
    assert error[:, :24].mean() < 4


def test_it_refuses_no_bytes():
    assert refusal(b"") == "empty_file"


def test_it_refuses_a_file_beyond_the_limit():
    assert refusal(b"\xff\xd8\xff" + bytes(5 * 1024 * 1024)) == "file_too_large"


@pytest.mark.parametrize("data", [b"a text renamed to .jpg", b"<svg/>", b"%PDF-1.7"])
def test_it_refuses_what_is_no_picture(data):
    assert refusal(data) == "unsupported_type"


@pytest.mark.parametrize("format_", ["GIF", "BMP", "TIFF"])
def test_it_refuses_other_formats(picture, format_):
    assert refusal(encoded(picture, format_)) == "unsupported_type"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_it_refuses_a_truncated_file(astronaut, format_):
    data = encoded(Image.fromarray(astronaut), format_)
    assert refusal(data[: len(data) // 2]) == "unreadable_image"


def test_it_refuses_a_signature_with_nothing_behind():
    assert refusal(b"\xff\xd8\xff") == "unreadable_image"


@pytest.mark.parametrize("side", [5_001, 10_000, 60_000])
def test_it_refuses_too_many_pixels_from_the_header(side):
    assert refusal(png_header(side, side)) == "too_many_pixels"


def test_it_takes_its_limits_as_given(picture):
    assert refusal(encoded(picture, "PNG"), limits=ImageLimits(max_pixels=799)) == "too_many_pixels"
    assert decode(encoded(picture, "PNG"), limits=ImageLimits(max_pixels=800)).shape == (20, 40, 3)


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_it_refuses_an_animation(picture, format_):
    other = picture.rotate(180)
    data = encoded(picture, format_, save_all=True, append_images=[other], duration=100)
    assert refusal(data) == "animated_image"


def test_it_refuses_what_there_is_no_memory_to_shrink(monkeypatch):
    def resize(*_, **__):
        error = cv2.error("Insufficient memory")
        error.code = cv2.Error.StsNoMem
        raise error

    monkeypatch.setattr(cv2, "resize", resize)
    assert refusal(encoded(Image.new("RGB", (2000, 10)), "PNG")) == "too_much_memory"


@FUZZ
@given(data=spoiled(originals()))
def test_it_never_fails_in_another_way(data):
    with suppress(ImageError):
        assert decode(data).dtype == np.uint8
