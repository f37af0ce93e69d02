"""A real worker whose memory is limited, and a picture that takes more: a refusal, and the same worker goes on."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

# Enough for ordinary pictures, but not for the 340 MB that 25 megapixels with an alpha channel take.
LIMIT_MB = 250
UNLIMITED = "Max data size             unlimited"
SUBMIT = """
import json, time
from pathlib import Path
from django.core.files.base import ContentFile
from enrollment.models import Consent, Sample, Subject
from enrollment.policy import consent_text
from enrollment.services import sample_submit
outcomes = []
for path in {paths}:
    subject = Subject.objects.create()
    Consent.objects.create(subject=subject, purpose="sign_in", text_version=consent_text())
    sample = sample_submit(subject, ContentFile(Path(path).read_bytes()))
    deadline = time.monotonic() + 60
    while sample.state == "pending" and time.monotonic() < deadline:
        time.sleep(0.1)
        sample.refresh_from_db()
    outcomes.append([sample.state, sample.reasons])
print(json.dumps(outcomes))
"""


@pytest.fixture
def site():
    """Broker and face worker alone."""
    stack = Stack()
    stack.environment["FACE_MEMORY_LIMIT_MB"] = str(LIMIT_MB)
    try:
        stack.manage("prepare_site")
        stack.start("broker")
        stack.start("biometric")
        yield stack
    finally:
        stack.down()


def bomb() -> bytes:
    """Allowed by its header, and 97 kB: decoded it is a thousand times as much.

    Its height has no edge in common with what it is shrunk to, so that it cannot be shrunk while it is taken over.
    """
    file = io.BytesIO()
    Image.new("RGBA", (5000, 4999)).save(file, "PNG")
    return file.getvalue()


def limits(process: int | str) -> str:
    return Path(f"/proc/{process}/limits").read_text()


def children(site: Stack) -> list[str]:
    worker = site.processes["biometric"].pid
    return Path(f"/proc/{worker}/task/{worker}/children").read_text().split()


def outcomes(site: Stack, pictures: list[bytes]) -> list[list[object]]:
    """What becomes of pictures that are given one after the other, each for a new person."""
    paths = [site.folder / f"picture{number}" for number in range(len(pictures))]
    for path, data in zip(paths, pictures, strict=True):
        path.write_bytes(data)
    told: list[list[object]] = json.loads(
        site.manage("shell", "-v", "0", "-c", SUBMIT.format(paths=[str(path) for path in paths]))
    )
    return told


def test_a_picture_that_takes_too_much_memory_is_refused_and_the_worker_lives_on(site):
    assert outcomes(site, [jpeg(portrait())]) == [["accepted", []]]
    before = children(site)
    assert outcomes(site, [bomb(), jpeg(portrait())]) == [
        ["rejected", ["too_much_memory"]],
        ["accepted", []],
    ]
    assert children(site) == before
    assert not any(UNLIMITED in limits(child) for child in before)
    assert UNLIMITED in limits(site.processes["biometric"].pid)
