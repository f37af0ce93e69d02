import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from PIL import Image

from ml.errors import ImageError
from ml.faces.images import encode_jpeg
from ml.faces.quality import ENROLLMENT_GATE, OPEN_GATE, VERIFICATION_GATE
from ml.serving.pipeline import FacePipeline
from ml.siamese.comparators import CosineComparator, template_mean
from ml.types import Reason
from tests.artifacts import small_artifact
from tests.faces import lfw, lfw_people, needs_lfw


def test_it_takes_bytes_to_a_unit_embedding(pipeline, astronaut):
    found = pipeline.extract(encode_jpeg(astronaut), gate=ENROLLMENT_GATE)
    assert found.reasons == ()
    assert found.embedding.dtype == np.float32
    assert found.embedding.shape == (192,)
    assert np.linalg.norm(found.embedding) == pytest.approx(1, abs=1e-5)
    assert found.crop.dtype == np.uint8
    assert found.crop.shape == (112, 112, 3)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras against NumPy 2
@pytest.mark.parametrize("network", ["contrastive48", "koch4096"])
def test_it_serves_other_networks_as_they_see_faces(network, tmp_path, astronaut):
    other = FacePipeline.load(small_artifact(tmp_path / "other", network, thresholds=(0.5,)))
    found = other.extract(encode_jpeg(astronaut), gate=OPEN_GATE).embedding
    comparator = other.artifact.comparator
    assert found.dtype == np.float32
    # Of unit length where directions are compared; 24 sigmoids otherwise, each in (0, 1).
    assert (np.linalg.norm(found) == pytest.approx(1)) == comparator.unit_length
    assert comparator.similarity(found, found) == pytest.approx(
        1 / (1 + np.exp(-3)) if network == "koch4096" else 0
    )


def test_it_embeds_a_face_and_its_mirror_image_almost_alike(extract, astronaut):
    seen, mirrored = extract(astronaut, OPEN_GATE), extract(astronaut[:, ::-1], OPEN_GATE)
    assert CosineComparator().similarity(seen.embedding, mirrored.embedding) > 0.98


@pytest.mark.parametrize("scale", [0.8, 2.0])
def test_it_embeds_a_face_alike_at_any_size(extract, astronaut, scale):
    resized = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    seen, again = extract(astronaut, OPEN_GATE), extract(resized, OPEN_GATE)
    assert CosineComparator().similarity(seen.embedding, again.embedding) > 0.9
    assert again.quality.face_size_px == pytest.approx(seen.quality.face_size_px * scale, rel=0.1)


def test_it_gives_the_same_in_every_thread(pipeline, astronaut):
    data = encode_jpeg(astronaut)
    expected = pipeline.extract(data, gate=OPEN_GATE).embedding
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: pipeline.extract(data, gate=OPEN_GATE).embedding, range(8)))
    for embedding in found:
        np.testing.assert_array_equal(embedding, expected)


def test_it_finds_no_face_below_what_is_transparent(pipeline, astronaut):
    hidden, file = Image.fromarray(astronaut), io.BytesIO()
    hidden.putalpha(0)
    hidden.save(file, "PNG")
    assert pipeline.extract(file.getvalue(), gate=OPEN_GATE).reasons == (Reason.NO_FACE,)


def test_it_raises_on_what_is_no_picture(pipeline):
    with pytest.raises(ImageError):
        pipeline.extract(b"not a picture", gate=OPEN_GATE)


def test_it_loads_without_tensorflow_in_silence(artifact):
    """The serving path in a process of its own: no training library is imported, nothing is written to stderr."""
    code = f"""
import sys
from pathlib import Path
from skimage.data import astronaut
from ml.faces.images import encode_jpeg
from ml.faces.quality import ENROLLMENT_GATE
from ml.serving.pipeline import FacePipeline
import ml.siamese.comparators
found = FacePipeline.load(Path({str(artifact.directory)!r})).extract(encode_jpeg(astronaut()), gate=ENROLLMENT_GATE)
assert found.accepted, found.reasons
print(sorted({{"tensorflow", "keras", "matplotlib", "django", "celery"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert done.stderr == ""


@needs_lfw
def test_it_tells_people_apart(artifact, pipeline):
    """Three anchors and one probe of eight people: each matches the own template and no other."""
    people = lfw_people(8, images=4)
    pictures = {name: lfw(name, 4) for name in people}
    found = {
        name: [pipeline.extract(data, gate=VERIFICATION_GATE) for data in files]
        for name, files in pictures.items()
    }
    usable = {
        name: [e.embedding for e in faces] for name, faces in found.items() if all(e.accepted for e in faces)
    }
    assert len(usable) >= 4
    threshold = artifact.calibration.threshold(anchors=3)
    similarity = CosineComparator().similarity
    for name, embeddings in usable.items():
        template = template_mean(embeddings[:3])
        for other, probes in usable.items():
            assert (similarity(template, probes[3]) >= threshold) == (other == name)


def test_it_loads_from_a_folder(artifact, astronaut):
    loaded = FacePipeline.load(artifact.directory, threads=2)
    assert loaded.artifact.digest == artifact.digest
    assert loaded.extract(encode_jpeg(astronaut), gate=OPEN_GATE).accepted
