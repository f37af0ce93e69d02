"""Every detector on the same pictures."""

import io
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from ml.errors import ArtifactError
from ml.faces.detection.base import Detection
from ml.faces.detection.benchmark import measure
from ml.faces.detection.haar import HaarDetector
from ml.faces.detection.registry import DETECTORS
from ml.faces.images import encode_jpeg
from ml.types import Box


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request):
    return DETECTORS[request.param]()


def test_it_finds_the_face(detector, astronaut):
    (face,) = detector.detect(astronaut)
    assert 0.5 < face.box.probability <= 1
    assert max(face.box.x_min - 200, 250 - face.box.x_max) < 0
    assert max(face.box.y_min - 100, 150 - face.box.y_max) < 0
    assert face.box.side < 150


def test_it_finds_the_eyes_or_says_that_it_gives_none(detector, astronaut):
    eyes = detector.detect(astronaut)[0].eyes
    if isinstance(detector, HaarDetector):
        assert eyes is None
    else:
        assert eyes.dtype == np.float32
        np.testing.assert_allclose(eyes, [[204, 100], [245, 102]], atol=6)


def test_it_finds_the_face_of_a_large_picture_at_its_place(detector, astronaut):
    canvas = np.zeros((1400, 1600, 3), np.uint8)
    canvas[300:1324, 500:1524] = cv2.resize(astronaut, (1024, 1024))
    face = detector.detect(canvas)[0]
    np.testing.assert_allclose(face.box.centre, [500 + 2 * 223, 300 + 2 * 115], atol=30)


@pytest.mark.parametrize("side", [20, 300])
def test_it_finds_nothing_where_nothing_is(detector, side):
    assert detector.detect(np.full((side, side, 3), 127, np.uint8)) == []


def test_it_says_when_the_cascade_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr("ml.faces.detection.haar.haarcascades", str(tmp_path))
    with pytest.raises(ArtifactError):
        HaarDetector()


def test_serving_loads_neither_mtcnn_nor_tensorflow():
    code = "import sys, ml.serving.pipeline, ml.faces.detection.registry; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"keras", "mtcnn", "tensorflow"} & set(loaded.split())


class Scripted:
    """Gives one face after another, whatever the picture."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def detect(self, rgb):
        return self.answers.pop(0)


def test_it_counts_the_boxes_over_the_middle_and_the_others():
    """Of three pictures, the first is shown twice; the middle is covered once; a second box is off it."""
    middle, aside = Detection(Box(40, 40, 60, 60, 1)), Detection(Box(0, 0, 20, 20, 1))
    figures = measure(Scripted([], [middle, aside], [aside], []), [np.zeros((100, 100, 3), np.uint8)] * 3)
    assert (figures.pictures, figures.recall, figures.extra) == (
        3,
        pytest.approx(1 / 3),
        pytest.approx(2 / 3),
    )


def test_the_command_compares_them_all(astronaut, tmp_path):
    (tmp_path / "one.jpg").write_bytes(encode_jpeg(astronaut[:230, 110:340]))
    out = io.StringIO()
    call_command("bench_detectors", data=tmp_path, images=1, json=True, stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert {name: found["recall"] for name, found in figures.items()} == dict.fromkeys(DETECTORS, 1.0)
    assert all(found["milliseconds"] > 0 for found in figures.values())


def test_the_command_refuses_a_folder_without_pictures(tmp_path):
    with pytest.raises(CommandError):
        call_command("bench_detectors", data=tmp_path)
