import io
import struct
import zipfile
from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from PIL import Image

from enrollment.errors import ImageRefused
from enrollment.reasons import Reason
from enrollment.services import image_read
from ml.faces.images import ImageLimits
from tests.damage import FUZZ, originals, spoiled
from tests.faces import jpeg, portrait


def picture(kind: str, size: tuple[int, int] = (64, 64), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind, **options)
    return buffer.getvalue()


def code_of(data: bytes) -> str:
    with pytest.raises(ImageRefused) as refusal:
        image_read(SimpleUploadedFile("face.jpg", data, "image/jpeg"))
    return refusal.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_takes_the_three_formats(kind):
    data = picture(kind)
    assert image_read(SimpleUploadedFile("face", data)) == data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"just text, renamed to face.jpg", "unsupported_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_type"),
        (picture("GIF"), "unsupported_type"),
        (picture("BMP"), "unsupported_type"),
        (struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(4096), "unsupported_type"),
        (b"\xff\xd8\xff" + bytes(6 * 1024 * 1024), "file_too_large"),
        (picture("PNG", (10_000, 10_000)), "too_many_pixels"),
    ],
    ids=["empty", "text", "svg", "gif", "bmp", "heic-as-jpg", "large", "100-megapixels"],
)
def test_it_refuses_what_is_no_usable_picture(data, code):
    assert code_of(data) == code


def test_it_refuses_an_animation():
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    assert code_of(picture("WEBP", (32, 32), save_all=True, append_images=frames)) == "animated_image"


def test_it_takes_a_photo_with_a_depth_map():
    buffer = io.BytesIO()
    portrait().save(buffer, "MPO", save_all=True, append_images=[portrait().convert("L").convert("RGB")])
    assert image_read(SimpleUploadedFile("phone.jpg", buffer.getvalue())) == buffer.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as content:
        content.writestr("index.html", "hello")
    return file.getvalue()


SOMETHING_ELSE = {
    "zip": archive(),
    "jar-with-more-behind": archive() + b"more",
    "script": b"<SCRIPT src=//example.org></script>",
    "page": b"<!DOCTYPE html><title>x</title>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "php": b"<?php system($_GET['c']); ?>",
    "pdf": b"%PDF-1.7\n1 0 obj",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(9),
    "exe": b"MZ" + bytes(62) + b"!This program cannot be run in DOS mode.",
    "rar": b"Rar!\x1a\x07\x01\x00",
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("hidden", SOMETHING_ELSE.values(), ids=SOMETHING_ELSE)
def test_it_refuses_a_picture_that_is_something_else_too(kind, hidden):
    assert code_of(picture(kind) + hidden) == "hidden_content"


@pytest.mark.parametrize("hidden", SOMETHING_ELSE.values(), ids=SOMETHING_ELSE)
def test_it_refuses_something_else_in_the_notes_of_a_picture(hidden):
    assert code_of(picture("JPEG", comment=hidden)) == "hidden_content"
    exif = Image.Exif()
    exif[0x010E] = hidden.decode("latin-1")
    assert code_of(picture("WEBP", exif=exif)) == "hidden_content"


def test_what_it_refuses_is_an_archive_to_others():
    assert zipfile.is_zipfile(io.BytesIO(picture("JPEG") + archive()))


@pytest.mark.parametrize(
    "behind",
    [
        struct.pack(">I", 24) + b"ftypmp42" + bytes(4) + b"isommp42" + bytes(range(256)) * 2000,
        bytes(64),
        b"SEFHk\0\0\0\x01\0\0\0\0\0\x01\x0a\x0e\0\0\0SEFT",
    ],
    ids=["motion-photo", "padding", "notes-of-a-phone"],
)
def test_it_takes_what_phones_put_behind_a_picture(behind):
    data = jpeg(portrait()) + behind
    assert image_read(SimpleUploadedFile("phone.jpg", data)) == data


def test_it_takes_a_picture_with_the_notes_of_a_camera():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Camera", 6
    xmp = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta><?xpacket end="w"?>'
    data = picture("JPEG", exif=exif, xmp=xmp, comment=b"taken on Sunday")
    assert image_read(SimpleUploadedFile("phone.jpg", data)) == data


def test_it_refuses_a_strip():
    buffer = io.BytesIO()
    Image.new("L", (1, 20_000)).save(buffer, "PNG")
    assert code_of(buffer.getvalue()) == "too_many_pixels"


@FUZZ
@given(data=spoiled(originals()))
def test_it_never_fails_in_another_way(data):
    with suppress(ImageRefused):
        image_read(SimpleUploadedFile("face.jpg", data))


def test_the_worker_takes_what_the_site_takes(settings):
    limits = ImageLimits()
    assert limits.max_bytes == settings.FACE_MAX_IMAGE_BYTES
    assert limits.max_pixels == settings.FACE_MAX_IMAGE_PIXELS
    assert limits.max_header_side_px == settings.FACE_MAX_IMAGE_SIDE_PX


def test_the_words_name_the_limits(settings):
    assert f"{settings.FACE_MAX_IMAGE_BYTES // 2**20} MB" in Reason.FILE_TOO_LARGE.label
    assert f"{settings.FACE_MAX_IMAGE_PIXELS // 10**6} megapixels" in Reason.TOO_MANY_PIXELS.label
