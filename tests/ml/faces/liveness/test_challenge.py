"""The rules of the challenge, on a face that turns without fault."""

from dataclasses import replace

import numpy as np
import pytest

from ml.faces.liveness import Action, Code, Frame, judge
from ml.faces.liveness.motion import depth_of_motion, mouth_opening, turn_between
from ml.types import Reason
from tests.ml.faces.liveness.heads import frame, head, turned

LEFT, RIGHT, UP, MOUTH, BLINK = Action
ANSWER = [frame(), frame(yaw=2), frame(yaw=30), frame(yaw=32), frame(pitch=24), frame(pitch=25)]


@pytest.mark.parametrize(("yaw", "pitch"), [(30, 0), (-25, 5), (0, 28), (10, -15)])
def test_it_measures_turns_of_a_rigid_head(yaw, pitch):
    turn = turn_between(head(), turned(head(), yaw=yaw, pitch=pitch))
    assert (turn.yaw, turn.pitch) == pytest.approx((yaw, pitch), abs=0.5)


def test_it_tells_a_solid_head_from_a_flat_picture():
    flat = head() * np.array([1, 1, 0], np.float32)
    assert depth_of_motion(head(), turned(head(), yaw=30)) > 0.05
    assert depth_of_motion(flat, turned(flat, yaw=30)) < 1e-3


def test_it_measures_how_far_the_mouth_is_open():
    assert mouth_opening(head()) < 0.1
    assert mouth_opening(head(mouth=0.6)) == pytest.approx(0.6, abs=0.05)


def test_it_passes_what_was_asked():
    assert judge(ANSWER, [LEFT, UP]).passed


def test_it_passes_an_open_mouth():
    assert judge([*ANSWER[:4], frame(mouth=0.5), frame(mouth=0.55)], [LEFT, MOUTH]).passed


def blinking(*eyes: float) -> list[Frame]:
    """Frames of a head at rest whose eyes are open so far, and then a turn to the left."""
    return [*(frame(eyes=each) for each in eyes), frame(yaw=30), frame(yaw=32)]


def test_it_passes_a_blink_beside_a_turn():
    assert judge(blinking(0.24, 0.22, 0.05, 0.16, 0.21), [BLINK, LEFT]).passed


def test_eyes_are_closed_against_the_persons_own():
    assert judge(blinking(0.13, 0.12, 0.05, 0.13), [BLINK, LEFT]).passed
    assert judge(blinking(0.3, 0.3, 0.16, 0.3), [BLINK, LEFT]).code == Code.WRONG_ACTIONS


@pytest.mark.parametrize("eyes", [(0.24, 0.22, 0.23), (0.24, 0.22, 0.05), (0.24, 0.22, 0.05, 0.14)])
def test_it_refuses_eyes_that_stay_as_they_are(eyes):
    assert judge(blinking(*eyes), [BLINK, LEFT]).code == Code.WRONG_ACTIONS


def test_it_compares_no_frame_with_closed_eyes():
    frames = blinking(0.24, 0.22, 0.05, 0.23)
    assert judge(frames, [BLINK, LEFT]).neutral == (frames[0], frames[1], frames[3])


def test_a_blink_makes_no_flat_picture_solid():
    lids = [frame(eyes=each) for each in (0.24, 0.22, 0.05, 0.23)]
    skewed = [frame(flat_turn=yaw, yaw=yaw) for yaw in (30, 32)]
    assert judge([*lids, *skewed], [BLINK, LEFT]).code in {Code.WRONG_ACTIONS, Code.FLAT}


def test_it_keeps_the_frames_at_rest_for_the_comparison():
    assert judge(ANSWER, [LEFT, UP]).neutral == tuple(ANSWER[:2])


@pytest.mark.parametrize("actions", [[UP, LEFT], [RIGHT, UP], [LEFT], [LEFT, UP, RIGHT], []])
def test_it_refuses_anything_else_than_was_asked(actions):
    assert judge(ANSWER, actions).code == Code.WRONG_ACTIONS


def test_it_refuses_a_frame_that_comes_twice():
    assert judge([ANSWER[0], *ANSWER], [LEFT, UP]).code == Code.REPEATED_FRAME


def test_it_refuses_a_frame_that_comes_again_later():
    assert judge([*ANSWER, ANSWER[1]], [LEFT, UP]).code == Code.REPEATED_FRAME


def test_it_refuses_one_photograph_of_somebody_alike_among_the_frames():
    """It could be the frame that meets the template, and no head that turned."""
    alike = np.array([0.5, np.sqrt(0.75)], np.float32)
    mine = [replace(face, embedding=np.array([1, 0], np.float32)) for face in ANSWER]
    assert judge(mine, [LEFT, UP]).passed
    turned_away = [*mine[:2], replace(mine[2], embedding=alike), *mine[3:]]
    assert judge(turned_away, [LEFT, UP]).passed
    assert (
        judge([mine[0], replace(mine[1], embedding=alike), *mine[2:]], [LEFT, UP]).code == Code.SEVERAL_PEOPLE
    )


def test_it_refuses_a_second_person():
    other = frame(yaw=28, embedding=np.array([0, 1], np.float32))
    assert judge([*ANSWER[:3], other, *ANSWER[4:]], [LEFT, UP]).code == Code.SEVERAL_PEOPLE


def like(face: Frame, cosine: float) -> Frame:
    """The face of somebody whose embedding has this cosine to the start's."""
    return replace(face, embedding=np.array([cosine, np.sqrt(1 - cosine**2)], np.float32))


@pytest.mark.parametrize(
    ("shown", "actions"),
    [
        ([frame(yaw=30), frame(yaw=32)], [LEFT]),
        ([frame(yaw=-30)], [RIGHT]),
        ([frame(pitch=24), frame(pitch=25)], [UP]),
        ([frame(mouth=0.5), frame(mouth=0.55)], [MOUTH]),
    ],
)
def test_it_refuses_a_movement_of_somebody_a_little_alike(shown, actions):
    """Whoever scans a film of their own finds frames that resemble the photograph of somebody else."""
    own = [frame(), frame(yaw=1), frame(yaw=2)]
    mine = [*own, *(like(face, 0.48) for face in shown)]
    assert judge(mine, actions).passed
    strangers = [*own, *(like(face, 0.46) for face in shown)]
    assert judge(strangers, actions).code == Code.SEVERAL_PEOPLE


def test_one_frame_of_a_turn_may_be_less_alike():
    assert judge([*ANSWER[:3], like(ANSWER[3], 0.38), *ANSWER[4:]], [LEFT, UP]).passed


def test_it_tells_what_turned_looked_like():
    turned_head = judge([*ANSWER[:3], like(ANSWER[3], 0.6), *ANSWER[4:]], [LEFT, UP]).turned
    assert np.allclose(turned_head, [[0.8, 0.4]])


@pytest.mark.parametrize("reason", [Reason.BLURRED, Reason.FACE_TOO_SMALL, Reason.TOO_BRIGHT, Reason.CUT_OFF])
@pytest.mark.parametrize("frames", [(2, 3), (4, 5)])
def test_a_bad_picture_shows_no_movement(reason, frames):
    """Such faces resemble each other, whoever they are of."""
    answer = [replace(face, reasons=(reason,)) if i in frames else face for i, face in enumerate(ANSWER)]
    assert judge(answer, [LEFT, UP]).code == Code.WRONG_ACTIONS


def test_one_bad_picture_of_a_movement_does_no_harm():
    answer = [*ANSWER[:3], replace(ANSWER[3], reasons=(Reason.BLURRED,)), *ANSWER[4:]]
    assert judge(answer, [LEFT, UP]).passed


def test_it_takes_movements_that_turn_too_far_away_for_a_comparison():
    answer = [*ANSWER[:4], *(replace(face, reasons=(Reason.EXTREME_POSE,)) for face in ANSWER[4:])]
    assert judge(answer, [LEFT, UP]).passed


def test_it_refuses_a_start_that_looks_aside():
    assert judge([frame(yaw=25), *ANSWER], [LEFT, UP]).code == Code.NO_START


@pytest.mark.parametrize("frames", [ANSWER[:3], ANSWER * 3])
def test_it_refuses_too_few_and_too_many_frames(frames):
    assert judge(frames, [LEFT, UP]).code == Code.FRAME_COUNT


def test_it_refuses_a_frame_without_a_face():
    frames: list[Frame | None] = [*ANSWER, None]
    assert judge(frames, [LEFT, UP]).code == Code.NO_FACE


def test_it_refuses_a_flat_picture_that_turns():
    skewed = [frame(flat_turn=yaw, yaw=yaw) for yaw in (0, 2, 30, 32)]
    assert judge(skewed, [LEFT]).code == Code.FLAT
