import csv

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from ml.errors import DatasetError
from ml.faces import alignment
from ml.faces.detection.registry import DETECTORS
from ml.faces.images import encode_jpeg
from ml.faces.landmarks import MeshNetwork
from ml.faces.quality import VERIFICATION_GATE
from ml.training.contact_sheet import Tile, write_contact_sheet
from ml.training.folder import read_people
from ml.training.people_import import PeopleImporter


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, astronaut):
    """Two people of three good pictures each, and one of everything that is refused."""
    root = tmp_path_factory.mktemp("pictures")
    for name in ("Ada", "Bo"):
        for number in range(3):
            shifted = np.roll(astronaut, 5 * number, axis=1)
            write(root / name / f"{number}.jpg", encode_jpeg(shifted))
    write(root / "Bo" / "blank.jpg", encode_jpeg(np.full((300, 300, 3), 127, np.uint8)))
    write(root / "Bo" / "blurred.jpg", encode_jpeg(cv2.GaussianBlur(astronaut, (0, 0), 4)))
    write(root / "Bo" / "broken.jpg", b"\xff\xd8\xff broken")
    write(root / "Bo" / "notes.txt", b"no picture")
    write(root / "Cy" / "only.jpg", encode_jpeg(astronaut))
    Image.fromarray(astronaut).save(root / "Bo" / "0.png")
    return root


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def imported(pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("faces")
    call_command("import_faces", pictures, out=out)
    return out


def test_training_can_read_what_was_imported(imported):
    people = read_people(imported)
    assert people.names == ("Ada", "Bo")
    assert people.sizes.tolist() == [3, 4]
    assert "Bo/0.png.jpg" in people.files


def test_it_records_what_was_refused_and_why(imported):
    with (imported / "rejections.csv").open(newline="") as stream:
        rejected = {row["path"]: row["reasons"].split() for row in csv.DictReader(stream)}
    assert rejected["Bo/blank.jpg"] == ["no_face"]
    assert "blurred" in rejected["Bo/blurred.jpg"]
    assert rejected["Bo/broken.jpg"] == ["unreadable_image"]
    assert rejected["Cy/only.jpg"] == ["too_few_pictures"]
    assert len(rejected) == 4


def test_it_shows_everything_on_one_sheet(imported):
    """Four refused and seven accepted are two rows of ten."""
    with Image.open(imported / "contact_sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.size == (10 * 136 + 8, 2 * 166 + 8)
        assert len(sheet.getcolors(maxcolors=1 << 20)) > 1000


@pytest.mark.parametrize("name", DETECTORS)
def test_any_detector_leads_to_the_same_face(name, astronaut, pipeline):
    """The landmarks align the face, so the detectors' differing boxes make a stranger of nobody."""
    face, reasons = PeopleImporter(DETECTORS[name](), MeshNetwork(), VERIFICATION_GATE).face(astronaut)
    served = pipeline.extract(encode_jpeg(astronaut), gate=VERIFICATION_GATE)
    assert reasons == ()
    assert face.shape == (128, 128, 3)
    assert pipeline.embedder.embed(face[8:-8, 8:-8]) @ served.embedding > 0.8


def test_the_middle_of_an_imported_face_is_what_serving_sees(astronaut):
    importer = PeopleImporter(DETECTORS["mediapipe"](), MeshNetwork(), VERIFICATION_GATE)
    face, _ = importer.face(astronaut)
    (detection,) = importer.detector.detect(astronaut)
    served, _ = alignment.align(astronaut, importer.mesh_network.locate(astronaut, detection))
    assert np.abs(face[8:-8, 8:-8].astype(int) - served).mean() < 2


def test_it_refuses_a_folder_without_pictures(tmp_path):
    importer = PeopleImporter(DETECTORS["haar"](), MeshNetwork(), VERIFICATION_GATE)
    with pytest.raises(DatasetError):
        importer.run(tmp_path, tmp_path / "out")
    with pytest.raises(CommandError, match="dataset_missing"):
        call_command("import_faces", tmp_path, out=tmp_path / "out")


def test_a_sheet_of_nothing_and_of_long_names_is_still_a_sheet(tmp_path):
    write_contact_sheet([], tmp_path / "empty.png")
    write_contact_sheet([Tile(None, "a" * 300, "no_face")], tmp_path / "one.png")
    with Image.open(tmp_path / "empty.png") as empty, Image.open(tmp_path / "one.png") as one:
        assert empty.size == one.size
        assert one.getpixel((20, 20)) == (229, 231, 235)
