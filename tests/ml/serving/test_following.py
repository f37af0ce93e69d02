"""A head that turns away is followed; a face at rest is looked for among all others."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from ml.evaluation.liveness import clip_pictures
from ml.faces.images import decode
from ml.faces.liveness.challenge import SAME_FRAME, is_at_rest
from ml.faces.liveness.motion import shift_between, turn_between
from ml.serving.following import detection_around
from ml.serving.pipeline import FacePipeline
from ml.types import Reason
from tests.faces import SHARED, jpeg, portrait, two_people

CLIP = SHARED / "liveness" / "videos" / "bona_fide" / "krzysiek_turns_and_up.mp4"
needs_clip = pytest.mark.skipif(not CLIP.exists(), reason="needs the clips in ../shared/data/liveness")
stages: list[str] = []


@contextmanager
def noted(name: str) -> Iterator[None]:
    stages.append(name)
    yield


@pytest.fixture(scope="module")
def pipeline():
    return FacePipeline.load(Path(settings.FACE_MODEL), stage=noted)


@pytest.fixture(scope="module")
def turning():
    return list(clip_pictures(CLIP))[:48:2]


def test_a_mesh_tells_where_the_detector_would_find_the_face(pipeline):
    found = pipeline.detector.detect(decode(jpeg(portrait())))[0]
    mesh = pipeline.mesh_network.locate(decode(jpeg(portrait())), found)
    around = detection_around(mesh.points)
    assert around.box.side == pytest.approx(found.box.side, rel=0.1)
    assert around.box.centre == pytest.approx(found.box.centre, abs=0.1 * found.box.side)


@needs_clip
def test_following_measures_as_looking_alone_does(pipeline, turning):
    followed = pipeline.frames(turning)
    for face, alone in zip(followed, map(pipeline.frame, turning), strict=True):
        assert shift_between(face.points, alone.points) < 0.1
        assert abs(turn_between(alone.points, face.points).yaw) < 5
        assert pipeline.same_person(face.embedding, alone.embedding)


@needs_clip
def test_it_spares_the_detector_when_the_head_is_turned(pipeline, turning):
    stages.clear()
    start, *later = pipeline.frames(turning)
    at_rest = sum(is_at_rest(face.points, start) for face in later)
    assert at_rest < len(later)
    assert stages.count("detect") <= 1 + at_rest + 1


@needs_clip
def test_a_picture_that_comes_twice_measures_the_same(pipeline, turning):
    _, *faces = pipeline.frames([turning[0], *(picture for picture in turning for _ in range(2))])
    for first, again in zip(faces[::2], faces[1::2], strict=True):
        assert shift_between(first.points, again.points) < SAME_FRAME


@needs_clip
def test_pictures_of_a_head_held_still_do_not(pipeline, turning):
    faces = pipeline.frames(turning)
    assert all(shift_between(a.points, b.points) >= SAME_FRAME for a, b in pairwise(faces))


def test_a_face_at_rest_still_counts_the_others(pipeline):
    _, together = pipeline.frames([jpeg(portrait()), two_people()])
    assert Reason.SEVERAL_FACES in together.reasons


def test_a_face_that_went_away_is_none(pipeline):
    assert (
        pipeline.frames([jpeg(portrait()), jpeg(portrait().crop((0, 0, 60, 60)).resize((640, 480)))])[1]
        is None
    )
