"""The actions of a challenge, and the verdict on the frames that answer it.

The thresholds were set on clips of two people who turn and nod, and on 347 photographs tilted by up to 55 degrees; see
`docs/liveness.md` for what that does and does not show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from ml.faces.liveness.frames import Frame
from ml.faces.liveness.motion import depth_of_motion, mouth_opening, shift_between, turn_between
from ml.types import Floats, Reason

SamePerson = Callable[[Floats, Floats], bool]

MIN_FRAMES, MAX_FRAMES = 4, 12
# The first frame faces the camera, within what people hold when they look at a screen or a phone below them.
START_YAW_DEGREES, START_PITCH_DEGREES = 18.0, 22.0
# People turned 20 to 45 degrees when asked to; tilted photographs made the mesh turn by 20 at most.
TURN_DEGREES = 20.0
# People raised their heads by 24 to 45 degrees.
UP_DEGREES = 16.0
# While the head looks up it does not also turn.
UP_YAW_DEGREES = 14.0
# Speech stays below 0.3.
MOUTH_OPEN, MOUTH_OPENS_BY = 0.4, 0.25
# Against the person's own open eyes. Closed ones fell to 0.13 to 0.46, open ones stayed above 0.75.
EYES_CLOSED, EYES_OPEN = 0.5, 0.65
# Nearer to the start than this is no action.
REST_DEGREES = 11.0
# Real turns leave 0.055 to 0.26 eye distances to the best homography; tilted photographs 0.035 in the median.
MIN_DEPTH = 0.05
# The shipped model's threshold at a false match rate of 1 %. Two frames of one person in motion had 0.41 or more in
# 99.9 % of pairs; strangers lie about 0.
SAME_PERSON = 0.37
# Its threshold at a false match rate of 1 in 1,000, for the mean of a movement's frames: it strays less than one.
SAME_HEAD = 0.4711
# Its threshold at a false match rate of 1 in 10,000, for faces that look into the camera.
SAME_FACE = 0.5492
# A held pose still trembles: two frames of a camera differ by more than this in eye distances.
SAME_FRAME = 1e-3


class Action(StrEnum):
    """What a person can be asked for; left and right are the person's own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    OPEN_MOUTH = "open_mouth"
    BLINK = "blink"


TURNS = (Action.TURN_LEFT, Action.TURN_RIGHT)


class Code(StrEnum):
    """Why the challenge was not met. For staff: people are told no more than of a face that does not match."""

    FRAME_COUNT = "frame_count"
    NO_FACE = "no_face"
    REPEATED_FRAME = "repeated_frame"
    SEVERAL_PEOPLE = "several_people"
    NO_START = "no_start"
    WRONG_ACTIONS = "wrong_actions"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the frames show.

    Attributes:
        code: Why the challenge was not met, or None when it was.
        neutral: The frames that face the camera as the first one does; they may meet a template.
        turned: The mean embedding, float32 (d,), of each turn's frames: that head has to be the template's too.
    """

    code: Code | None
    neutral: tuple[Frame, ...] = ()
    turned: tuple[Floats, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the challenge was met."""
        return self.code is None


def by_cosine(a: Floats, b: Floats) -> bool:
    """Tell whether two embeddings, also of turned heads, are of one person, for the shipped model."""
    return _cosine(a, b) >= SAME_PERSON


def by_mean_cosine(a: Floats, b: Floats) -> bool:
    """Tell the same where the second is the mean of several frames."""
    return _cosine(a, b) >= SAME_HEAD


def by_strict_cosine(a: Floats, b: Floats) -> bool:
    """Tell the same of two faces that look into the camera."""
    return _cosine(a, b) >= SAME_FACE


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))


def judge(
    frames: Sequence[Frame | None],
    actions: Sequence[Action],
    *,
    same_person: SamePerson = by_cosine,
    same_head: SamePerson = by_mean_cosine,
    same_face: SamePerson = by_strict_cosine,
) -> Verdict:
    """Judge the frames of one challenge, in the order they were taken.

    Args:
        frames: None stands for a frame without a face.
        actions: What was asked, in order.
        same_person: Whether two embeddings, also of turned heads, are of one person.
        same_head: Whether the start and the mean of a movement's frames are.
        same_face: Whether two of faces that look into the camera are, as strictly as at a sign-in.
    """
    if not MIN_FRAMES <= len(frames) <= MAX_FRAMES:
        return Verdict(Code.FRAME_COUNT)
    faces = [frame for frame in frames if frame is not None]
    if len(faces) < len(frames):
        return Verdict(Code.NO_FACE)
    poses = poses_of(faces)
    neutral = tuple(
        face for face, pose in zip(faces, poses, strict=True) if pose == REST and not face.reasons
    )
    shown = {action: _mean(faces, poses, action) for action in Action if action in poses}
    turned = tuple(mean for action, mean in shown.items() if action in TURNS)
    # Every frame resembles the first: the face that meets the template is the one that turned. Each movement does so
    # more closely, as a whole, than a stranger's luckiest frame would. Those that may meet the template do so strictly,
    # else one photograph among the frames would do.
    start = faces[0].embedding
    alike = all(same_person(start, face.embedding) for face in faces[1:])
    moved = all(same_head(start, mean) for mean in shown.values())
    if not (alike and moved and all(same_face(start, face.embedding) for face in neutral)):
        return Verdict(Code.SEVERAL_PEOPLE, neutral, turned)
    return Verdict(_fault(faces, poses, list(actions)), neutral, turned)


def _mean(faces: list[Frame], poses: list["Action | str | None"], action: Action) -> Floats:
    shown = [face.embedding for face, pose in zip(faces, poses, strict=True) if pose == action]
    return np.asarray(np.mean(shown, axis=0), np.float32)


def _fault(faces: list[Frame], poses: list["Action | str | None"], actions: list[Action]) -> Code | None:
    start = faces[0]
    if not faces_camera(start):
        return Code.NO_START
    if any(shift_between(a.points, b.points) < SAME_FRAME for a, b in combinations(faces, 2)):
        return Code.REPEATED_FRAME
    if performed(poses) != actions:
        return Code.WRONG_ACTIONS
    turned = [face for face, pose in zip(faces, poses, strict=True) if pose in TURNS]
    if any(depth_of_motion(start.points, face.points) < MIN_DEPTH for face in turned):
        return Code.FLAT
    return None


REST = "rest"


def poses_of(faces: Sequence[Frame]) -> list["Action | str | None"]:
    """Return what each frame shows against the first one, and its eyes against the person's own open ones.

    A bad picture shows nothing: faces that are blurred, small or overexposed resemble each other.
    """
    start = faces[0]
    seen = [face.eyes for face in faces if face.eyes is not None and is_at_rest(face.points, start)]
    # The upper quartile: neither one wide glance nor the closed eyes themselves.
    own = float(np.quantile(seen, 0.75)) if seen else None
    return [pose_of(face, start, own) if is_clear(face) else None for face in faces]


def is_clear(face: Frame) -> bool:
    """Whether a face is good enough to be compared, however far the head is turned."""
    return set(face.reasons) <= {Reason.EXTREME_POSE}


def pose_of(face: Frame, start: Frame, open_eyes: float | None = None) -> "Action | str | None":
    """Return the action a frame shows against the start, REST, or None on the way between them.

    Args:
        face: The frame.
        start: The first frame of the challenge.
        open_eyes: The person's own, as `Frame.eyes`; without it nobody blinks.
    """
    turn = turn_between(start.points, face.points)
    if abs(turn.yaw) >= TURN_DEGREES:
        return Action.TURN_LEFT if turn.yaw > 0 else Action.TURN_RIGHT
    if turn.pitch >= UP_DEGREES and abs(turn.yaw) <= UP_YAW_DEGREES:
        return Action.LOOK_UP
    opening = mouth_opening(face.points)
    if not is_at_rest(face.points, start):
        return None
    if opening >= MOUTH_OPEN and opening - mouth_opening(start.points) >= MOUTH_OPENS_BY:
        return Action.OPEN_MOUTH
    return _lids(face.eyes, open_eyes)


def _lids(eyes: float | None, own: float | None) -> "Action | str | None":
    if eyes is None or own is None or eyes >= EYES_OPEN * own:
        return REST
    return Action.BLINK if eyes <= EYES_CLOSED * own else None


def is_at_rest(points: Floats, start: Frame) -> bool:
    """Whether a head, by its landmarks, is held as at the start; only such frames may meet a template."""
    turn = turn_between(start.points, points)
    return max(abs(turn.yaw), abs(turn.pitch)) <= REST_DEGREES


def performed(poses: Sequence["Action | str | None"]) -> list[Action]:
    """Return the actions in the order they were done, each once however long it was held.

    Eyes that stay closed are no blink: it counts once they are seen open again, with the head still at rest.
    """
    shown = [pose for pose in poses if pose is not None]
    held = [pose for index, pose in enumerate(shown) if index == 0 or pose != shown[index - 1]]
    after: list[Action | str | None] = [*held[1:], None]
    return [
        pose
        for pose, then in zip(held, after, strict=True)
        if isinstance(pose, Action) and (pose != Action.BLINK or then == REST)
    ]


def faces_camera(face: Frame) -> bool:
    """Whether a frame may be the first: the head faces the camera, and may meet a template."""
    return (
        abs(face.yaw_degrees) <= START_YAW_DEGREES
        and abs(face.pitch_degrees) <= START_PITCH_DEGREES
        and not face.reasons
    )
