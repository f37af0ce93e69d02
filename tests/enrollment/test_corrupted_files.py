"""A thousand damaged pictures: each is refused with a reason or read, and none makes the process grow."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment import jobs
from enrollment.models import Sample
from enrollment.reasons import Reason
from tests.damage import damaged_files, picture
from tests.enrollment.test_uploads import SOMETHING_ELSE
from tests.factories import ConsentFactory, model_version
from tests.ml.faces.test_images import png_header

FILES = 1000
POSTED = 48
# It grows by 1 MB; were the pictures kept that can be read, by 33 MB.
MOST_GROWTH_KB = 6_000
# A process of its own, which has nothing else in it that could grow or shrink: reads and decodes as web and worker do.
READ_ALL = """
import collections, gc, json, os, sys
from pathlib import Path
import django; django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile
from enrollment.errors import ImageRefused
from enrollment.services import image_read
from ml.errors import ImageError
from ml.faces.images import decode
from tests.damage import damaged_files

def resident_kb():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024

def outcomes(count, seed):
    told = collections.Counter()
    for data in damaged_files(count, seed=seed):
        try:
            decode(image_read(SimpleUploadedFile("x", data)))
            told["read"] += 1
        except (ImageRefused, ImageError) as error:
            told[error.code] += 1
    return told

outcomes(200, 1)  # loads the decoders, and what the allocator keeps for itself
before = resident_kb()
told = outcomes(int(sys.argv[1]), 0)
print(json.dumps({"told": told, "growth_kb": resident_kb() - before}))
"""


def test_a_thousand_damaged_files_end_in_a_reason_and_in_no_more_memory():
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", READ_ALL, str(FILES)]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    told = found["told"]
    assert sum(told.values()) == FILES
    assert set(told) - {"read"} <= set(Reason.values)
    assert min(told["read"], told["unreadable_image"], told["unsupported_type"]) > FILES // 50
    assert found["growth_kb"] < MOST_GROWTH_KB


def test_damaged_files_are_told_apart():
    assert len(set(damaged_files(FILES))) > FILES * 0.95


@pytest.fixture
def post(db, browser_of, settings):
    settings.FACE_MAX_ANCHORS = 1000
    browser = browser_of(ConsentFactory().subject.user)

    def send(data: bytes) -> int:
        file = SimpleUploadedFile("face.jpg", data, "image/jpeg")
        return browser.post("/api/v1/samples", {"image": file}).status_code

    return send


def test_damaged_files_that_are_posted_are_refused_at_once_or_by_the_worker(post):
    statuses = [post(data) for data in damaged_files(POSTED)]
    assert {status for status in statuses if not 400 <= status < 500} <= {202}
    taken = list(Sample.objects.all())
    assert (len(taken), statuses.count(202) < POSTED) == (statuses.count(202), True)
    model_version()
    for sample in taken:
        jobs.template_extract(str(sample.pk))
        sample.refresh_from_db()
        assert sample.state == "accepted" or set(sample.reasons) <= set(Reason.values), sample.reasons
    assert Reason.UNREADABLE_IMAGE in {code for sample in taken for code in sample.reasons}


@pytest.mark.parametrize(
    "data",
    [
        *(picture(kind)[:length] for kind in ("JPEG", "PNG", "WEBP") for length in (1, 3, 8, 12, 20)),
        *(picture("JPEG") + hidden for hidden in SOMETHING_ELSE.values()),
        *(png_header(side, side) for side in (5_001, 60_000, 2**31 - 1)),
        *(picture(kind) for kind in ("GIF", "BMP", "TIFF")),
        b"%PDF-1.7", b"<svg/>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\xff\xffWEBP",
    ],
)  # fmt: skip
def test_bombs_stumps_and_wrong_types_that_are_posted_are_refused_at_once(post, data):
    assert 400 <= post(data) < 500
    assert not Sample.objects.exists()
