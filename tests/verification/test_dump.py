"""A person enrolls and signs in with real pictures; then everything that is stored is searched for the face."""

import base64
import io
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from enrollment.jobs import pipeline_for, template_extract
from enrollment.models import Sample, Template
from enrollment.services import sample_submit
from enrollment.storage import faces_storage
from ml.faces.quality import VERIFICATION_GATE
from tests.damage import picture
from tests.faces import jpeg, portrait, portraits
from verification import jobs
from verification.models import Attempt
from verification.services import attempt_submit, session_open

pytestmark = pytest.mark.django_db

# How a JPEG, PNG or WebP begins, as it is, in base64 and in hex. Five bytes and more, which ciphertext has by chance
# once in a million runs; three would be found every hundredth time.
PICTURES = re.compile(
    rb"\xff\xd8\xff[\xe0\xe1\xdb\xee]\x00|JFIF\x00|Exif\x00\x00|\x89PNG\r\n|WEBPVP8|/9j/4AAQ|/9j/2wBD|iVBORw0KG|(?i:ffd8ffe0|ffd8ffdb)"
)


def stored_bytes() -> Iterator[tuple[str, bytes]]:
    """Every value of every column of every table, and every file, with the name of its place."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                yield from (
                    (f"{table}.{name}", _bytes(value)) for name, value in zip(columns, row, strict=True)
                )
    backend = faces_storage()._backend
    for folder in backend.listdir("")[0]:
        for name in backend.listdir(folder)[1]:
            with backend.open(f"{folder}/{name}") as file:
                yield "files", file.read()


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def traces_of(embedding: np.ndarray) -> list[bytes]:
    """Two neighbouring numbers in every width and order of bytes, the same in base64, and single ones as text."""
    traces = []
    for kind in ("<f4", ">f4", "<f8", ">f8"):
        raw = embedding.astype(kind).tobytes()
        width = 2 * np.dtype(kind).itemsize
        traces += [raw[start : start + width] for start in (0, len(raw) // 2, len(raw) - width)]
        for shift in range(3):  # by where it begins within three bytes
            traces += [
                base64.b64encode(bytes(shift) + raw)[4:24],
                base64.urlsafe_b64encode(bytes(shift) + raw)[4:24],
            ]
        traces.append(raw[:8].hex().encode())
    largest = np.argsort(-np.abs(embedding))[:4]
    return traces + [f"{abs(number):.8f}"[:-2].encode() for number in embedding[largest].astype(float)]


def found(embeddings: list[np.ndarray], files: list[bytes]) -> set[str]:
    """The places where something of the face can be seen."""
    traces = [trace for embedding in embeddings for trace in traces_of(embedding)]
    traces += [data[len(data) // 2 :][:16] for data in files]
    return {
        place
        for place, value in stored_bytes()
        if PICTURES.search(value) or any(trace in value for trace in traces)
    }


@pytest.fixture
def files(owner, version, django_capture_on_commit_callbacks):
    """What an enrolled person sent, and what was kept of it."""
    backend = faces_storage()._backend
    for folder in backend.listdir("")[0]:  # of earlier tests
        for name in backend.listdir(folder)[1]:
            backend.delete(f"{folder}/{name}")
    for data in portraits():
        sample = sample_submit(owner, SimpleUploadedFile("face.jpg", data))
        with django_capture_on_commit_callbacks(execute=True):
            template_extract(str(sample.pk))
    samples = list(Sample.objects.filter(state="accepted"))
    assert len(samples) == 3
    kept = [part for sample in samples for part in (sample.image.open().read(), sample.crop)]
    return [*portraits(), *kept]


@pytest.fixture
def embeddings(files, version):
    probe = pipeline_for(version).extract(jpeg(portrait()), gate=VERIFICATION_GATE).embedding
    return [probe, *(np.frombuffer(template.embedding, "<f4") for template in Template.objects.all())]


def test_a_dump_of_database_and_files_shows_no_picture_and_no_floats(owner, files, embeddings):
    session = session_open(
        purpose="sign_in", browser_key="browser", source="127.0.0.1", login=owner.get_username()
    )
    attempt = attempt_submit(session, SimpleUploadedFile("probe.jpg", jpeg(portrait())))
    assert Attempt.objects.get().sealed_probe
    assert found(embeddings, files) == set()
    jobs.attempt_decide(attempt.pk)
    assert Attempt.objects.get().decision == "match"
    assert found(embeddings, files) == set()


def test_the_search_reaches_every_table_and_file(owner, files):
    places = {place for place, _ in stored_bytes()}
    assert {"enrollment_sample.sealed_crop", "enrollment_template.sealed_embedding", "files"} <= places
    assert {"enrollment_auditevent.details", "django_cache.value"} & places
    assert [place for place, _ in stored_bytes()].count("files") == 3


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize(
    "coding", [bytes, base64.b64encode, lambda raw: b"x" + base64.urlsafe_b64encode(b"y" + raw)]
)
def test_it_would_find_an_embedding(embeddings, files, kind, coding):
    Template.objects.update(sealed_embedding=coding(embeddings[1].astype(kind).tobytes()))
    assert found(embeddings, files) == {"enrollment_template.sealed_embedding"}


def test_it_would_find_an_embedding_in_words(embeddings, files):
    Sample.objects.update(quality=json.loads(json.dumps(embeddings[1].tolist())))
    assert found(embeddings, files) == {"enrollment_sample.quality"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_would_find_a_picture(embeddings, files, kind):
    Sample.objects.update(sealed_crop=picture(kind))
    faces_storage()._backend.save("ab/plain", ContentFile(picture(kind)))
    Sample.objects.update(box=[base64.b64encode(jpeg(Image.open(io.BytesIO(files[0])))).decode()])
    assert found(embeddings, files) == {"enrollment_sample.sealed_crop", "enrollment_sample.box", "files"}
