"""The drawn faces of the compare page: the models take them for two people."""

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from ml.config import DEFAULT_ARTIFACT
from ml.faces.quality import ENROLLMENT_GATE
from ml.serving.pipeline import FacePipeline
from scripts.draw_sample_faces import FOLDER
from scripts.heads.people import PICTURES
from scripts.heads.picture import draw
from verification.views import DRAWN_FACES


@pytest.fixture(scope="module")
def pipeline():
    return FacePipeline.load(DEFAULT_ARTIFACT)


@pytest.fixture(scope="module")
def extractions(pipeline):
    return {
        name: pipeline.extract((FOLDER / f"{name}.webp").read_bytes(), gate=ENROLLMENT_GATE)
        for name in PICTURES
    }


def test_the_page_offers_what_is_drawn():
    assert PICTURES.keys() == DRAWN_FACES.keys() == {path.stem for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_a_face_good_enough_to_enroll(extractions, name):
    assert extractions[name].reasons == ()
    assert (FOLDER / f"{name}.webp").stat().st_size < 40_000


@pytest.mark.parametrize(("one", "other"), list(combinations(PICTURES, 2)))
def test_it_tells_the_two_people_apart(pipeline, extractions, one, other):
    artifact = pipeline.artifact
    similarity = artifact.comparator.similarity(extractions[one].embedding, extractions[other].embedding)
    threshold = artifact.calibration.threshold(anchors=1, fmr=1e-4)
    is_same = PICTURES[one][0] is PICTURES[other][0]
    assert similarity > threshold + 0.2 if is_same else similarity < threshold - 0.2


def test_the_script_draws_what_is_committed():
    committed = Image.open(FOLDER / "runa-1.webp").convert("RGB").resize((60, 60), Image.Resampling.BOX)
    drawn = draw(*PICTURES["runa-1"], side=60)
    assert np.abs(np.asarray(committed, np.int16) - drawn).mean() < 4


@pytest.mark.django_db
def test_the_page_shows_every_face_for_both_pictures(owner, browser_of):
    html = browser_of(owner).get("/compare/").content.decode()
    assert html.count("data-slot-sample") == 2 * len(DRAWN_FACES)
    for name in DRAWN_FACES:
        assert f"img/faces/{name}" in html
