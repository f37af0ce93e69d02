"""The challenge on real clips and on photographs held before the camera."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings

from ml.evaluation import borrowed_heads as heads
from ml.evaluation import liveness as trials
from ml.serving.pipeline import FacePipeline
from tests.faces import SHARED, astronaut, lfw, lfw_people, needs_lfw

CLIPS = SHARED / "liveness" / "videos" / "bona_fide"
needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs the clips in ../shared/data/liveness")


@pytest.fixture(scope="module")
def pipeline():
    return FacePipeline.load(Path(settings.FACE_MODEL))


@pytest.fixture(scope="module")
def clips(pipeline):
    pictures = trials.clip_pictures(CLIPS / "krzysiek_turns_and_up.mp4")
    return {"krzysiek": [face for face in map(pipeline.frame, pictures) if face]}


@pytest.fixture(scope="module")
def blinking(pipeline):
    """Somebody who turns and blinks, each face with its picture."""
    pictures = trials.clip_pictures(CLIPS / "apfol_turns.webm")
    shots = [(each, pipeline.frame(each, eyes=True)) for each in pictures]
    return {"apfol": [trials.Shot.of(picture, face) for picture, face in shots if face]}


@needs_clips
def test_it_passes_real_people_who_do_what_they_are_asked(clips):
    tries = trials.bona_fide_tries(clips, starts=12)
    assert sum(each.verdict.passed for each in tries) >= 0.95 * len(tries) > 0


@needs_clips
def test_it_passes_a_person_who_blinks_and_turns_in_that_order_alone(blinking, pipeline):
    judged = trials.judge_anew(pipeline.frames)
    asked = [
        each for each in trials.bona_fide_tries(blinking, starts=6, judged=judged) if "blink" in each.kind
    ]
    assert sum(each.verdict.passed for each in asked) >= 0.95 * len(asked) > 0
    others = trials.wrong_order_tries(blinking, starts=6, judged=judged)
    assert not any(each.verdict.passed for each in others)


@needs_clips
def test_it_passes_no_other_order_and_no_other_session(clips):
    rng = np.random.default_rng(0)
    tries = [*trials.wrong_order_tries(clips, starts=12), *trials.replayed_tries(clips, starts=12, rng=rng)]
    assert tries
    assert not any(each.verdict.passed for each in tries)


@needs_clips
@needs_lfw
def test_it_passes_no_two_people(clips, pipeline):
    strangers = [face for name in lfw_people(8, images=2) if (face := pipeline.frame(lfw(name, 1)[0]))]
    tries = trials.two_people_tries(clips, strangers, starts=12, rng=np.random.default_rng(0))
    assert tries
    assert not any(each.verdict.passed for each in tries)


@pytest.fixture(scope="module")
def owners(pipeline):
    rng = np.random.default_rng(0)
    people = (
        heads.owner_of(name, lfw(name, 10), pipeline.frames, rng=rng) for name in lfw_people(12, images=10)
    )
    return [owner for owner in people if owner]


def meets(anchors, head):
    template = anchors.mean(axis=0)
    return template @ head / np.linalg.norm(template) / np.linalg.norm(head) >= 0.4849


@needs_clips
@needs_lfw
def test_it_passes_no_photograph_of_the_owner_with_the_head_of_a_stranger(clips, owners):
    tries = list(heads.borrowed_head_tries(owners, clips, meets))
    assert len(tries) == len(owners) > 8
    assert not any(each.verdict.passed for each in tries)


@needs_lfw
def test_it_passes_the_owners_own_head_on_photographs_of_other_days(owners):
    tries = list(heads.own_head_tries(owners, meets))
    assert sum(each.verdict.passed for each in tries) >= 0.9 * len(tries) > 0


@pytest.fixture(scope="module")
def photograph():
    return cv2.resize(np.asarray(astronaut().crop((100, 0, 356, 256))), (480, 480))


def test_it_passes_no_photograph_that_is_moved_and_tilted_even_if_its_blink_is_granted(pipeline, photograph):
    tries = trials.still_tries([photograph] * 12, pipeline.frames, rng=np.random.default_rng(0))
    assert len({each.kind for each in tries}) == 2
    assert not any(each.verdict.passed for each in tries)


def test_a_photograph_that_is_shaken_does_not_blink(pipeline, photograph):
    tries = trials.shaken_tries([photograph] * 8, pipeline.frames, rng=np.random.default_rng(0))
    assert not any(each.verdict.passed for each in tries)
