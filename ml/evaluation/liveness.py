"""Tries of the liveness challenge: clips of real people, and attacks made of them and of photographs.

The client is imitated: it waits until a cruder measure of the head's pose than the judge's says that an action is done,
then picks frames. Attacks are synthetic, so their figures show that the rules hold, not how often a real attack fails.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np

from ml.faces.images import encode_jpeg
from ml.faces.liveness import Action, Frame, Verdict, judge
from ml.types import Picture

Reader = Callable[[Sequence[bytes]], Sequence[Frame | None]]
Judge = Callable[[Sequence[Frame], Sequence[Action]], Verdict]
Pose = Action | str | None
Clips = Mapping[str, Sequence[Frame]]

FRAMES_PER_SECOND = 8
SIDE_PX = 640
PER_STEP = 3
HEAD_ACTIONS = (Action.TURN_LEFT, Action.TURN_RIGHT, Action.LOOK_UP)
# The client asks for a little more than the judge.
CLIENT_TURN_DEGREES, CLIENT_UP_DEGREES, CLIENT_REST_DEGREES = 24.0, 20.0, 8.0
TILT_DEGREES = 55.0


@dataclass(frozen=True, slots=True)
class Try:
    """One set of frames and the verdict on it."""

    kind: str
    source: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Shot(Frame):
    """A face and the picture that it was taken from, a JPEG file."""

    picture: bytes

    @classmethod
    def of(cls, picture: bytes, face: Frame) -> "Shot":
        """Join the two."""
        return cls(**{field.name: getattr(face, field.name) for field in fields(Frame)}, picture=picture)


def judge_anew(read: Reader) -> Judge:
    """Return a judge that reads the pictures of `Shot`s once more, as a challenge of their own."""
    known: dict[tuple[bytes, ...], Sequence[Frame | None]] = {}  # most are judged for several challenges

    def judged(shots: Sequence[Frame], actions: Sequence[Action]) -> Verdict:
        pictures = tuple(shot.picture for shot in shots if isinstance(shot, Shot))
        if pictures not in known:
            known[pictures] = read(pictures)
        return judge(known[pictures], actions)

    return judged


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading one frame takes: the median of several rounds, in milliseconds.

    Attributes:
        passed_ms: By the clock.
        processor_ms: Of the processor, all threads together; other work on the machine hardly changes it.
    """

    passed_ms: float
    processor_ms: float


def cost_of_frames(pictures: Sequence[bytes], read: Reader, *, rounds: int) -> Cost:
    """Measure what it costs to read frames, after a first round that does not count."""
    passed, used = [], []
    for _ in range(rounds + 1):
        began, began_using = time.perf_counter(), time.process_time()
        read(pictures)
        passed.append((time.perf_counter() - began) / len(pictures))
        used.append((time.process_time() - began_using) / len(pictures))
    return Cost(1000 * float(np.median(passed[1:])), 1000 * float(np.median(used[1:])))


def clip_pictures(path: Path) -> Iterator[bytes]:
    """Yield a clip's frames as JPEG files, 8 a second, at most 640 pixels wide or high."""
    capture = cv2.VideoCapture(str(path))
    step = max(1, round(capture.get(cv2.CAP_PROP_FPS) / FRAMES_PER_SECOND))
    number = 0
    while True:
        there, bgr = capture.read()
        if not there:
            return
        if number % step == 0:
            scale = min(1.0, SIDE_PX / max(bgr.shape[:2]))
            small = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield encode_jpeg(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8))
        number += 1


def answers(frames: Sequence[Frame], *, starts: int) -> Iterator[tuple[list[Action], list[Frame]]]:
    """Yield challenges of two head movements and the frames a client would send, the clip running in a loop.

    Args:
        frames: The faces of one clip.
        starts: At how many moments of the clip each challenge begins.
    """
    for actions in permutations(HEAD_ACTIONS, 2):
        for start in np.linspace(0, len(frames), starts, endpoint=False).astype(int):
            looped = [*frames[start:], *frames, *frames]
            picked = pick(looped, actions)
            if picked is not None:
                yield list(actions), picked


def pick(frames: Sequence[Frame], actions: Sequence[Action]) -> list[Frame] | None:
    """Return the frames a client picks, or None where the clip lacks a start or an action."""
    at = next((i for i, frame in enumerate(frames) if _looks_ahead(frame)), None)
    if at is None:
        return None
    start, picked = frames[at], [frames[at]]
    wanted: list[Pose] = ["rest", *actions]
    for pose in wanted:
        held = 0
        while held < PER_STEP:
            at += 1
            if at >= len(frames):
                return None
            if client_pose(frames[at], start) == pose:
                picked.append(frames[at])
                held += 1
    return picked


def _looks_ahead(frame: Frame) -> bool:
    return abs(frame.yaw_degrees) < 14 and abs(frame.pitch_degrees) < 18 and not frame.reasons


def client_pose(frame: Frame, start: Frame) -> Pose:
    """Return what the client takes a frame for, by the difference of two poses."""
    yaw, pitch = frame.yaw_degrees - start.yaw_degrees, frame.pitch_degrees - start.pitch_degrees
    if abs(yaw) >= CLIENT_TURN_DEGREES:
        return Action.TURN_LEFT if yaw > 0 else Action.TURN_RIGHT
    if pitch >= CLIENT_UP_DEGREES and abs(yaw) < CLIENT_REST_DEGREES:
        return Action.LOOK_UP
    return "rest" if max(abs(yaw), abs(pitch)) < CLIENT_REST_DEGREES else None


def bona_fide_tries(clips: Clips, *, starts: int, judged: Judge = judge) -> list[Try]:
    """Every challenge that the clips contain, from many moments on."""
    return [
        Try("bona fide", name, judged(frames, actions))
        for name, clip in clips.items()
        for actions, frames in answers(clip, starts=starts)
    ]


def wrong_order_tries(clips: Clips, *, starts: int, judged: Judge = judge) -> list[Try]:
    """The right actions in the other order."""
    return [
        Try("wrong order", name, judged(frames, actions[::-1]))
        for name, clip in clips.items()
        for actions, frames in answers(clip, starts=starts)
    ]


def replayed_tries(
    clips: Clips, *, starts: int, rng: np.random.Generator, judged: Judge = judge
) -> list[Try]:
    """Frames of one session offered to another with any other challenge."""
    tries = []
    for name, clip in clips.items():
        for actions, frames in answers(clip, starts=starts):
            others = [list(other) for other in permutations(Action, 2) if list(other) != actions]
            tries.append(Try("replayed session", name, judged(frames, others[rng.integers(len(others))])))
    return tries


def two_people_tries(
    clips: Clips, faces: Sequence[Frame], *, starts: int, rng: np.random.Generator, judged: Judge = judge
) -> list[Try]:
    """One person's face looks ahead, another's does the actions."""
    tries = []
    for name, clip in clips.items():
        for actions, frames in answers(clip, starts=starts):
            stranger = faces[int(rng.integers(len(faces)))]
            tries.append(Try("two people", name, judged([stranger, *frames], actions)))
            tries.append(Try("two people", name, judged([*frames[:4], stranger, *frames[4:]], actions)))
    return tries


def still_tries(pictures: Sequence[Picture], read: Reader, *, rng: np.random.Generator) -> list[Try]:
    """A photograph moved, scaled, rotated and tilted the way each action would have it, up to 55 degrees."""
    tries = []
    for picture in pictures:
        first, second = rng.permutation(np.array(HEAD_ACTIONS))[:2]
        steps: list[Pose] = ["rest", Action(first), Action(second)]
        views = [tilted(picture, step, rng) for step in steps for _ in range(PER_STEP)]
        frames = read([encode_jpeg(view) for view in views])
        tries.append(Try("still image", "photographs", judge(frames, [Action(first), Action(second)])))
    return tries


def tilted(picture: Picture, pose: Pose, rng: np.random.Generator) -> Picture:
    """Return a photograph as a camera sees it when it is held so that the face seems to do this.

    Args:
        picture: Uint8 (side, side, 3) RGB.
        pose: The action; at rest it is only moved a little.
        rng: Random numbers.
    """
    strong, weak = np.radians(rng.uniform(25, TILT_DEGREES)), np.radians(rng.uniform(-4, 4, 3))
    about_x, about_y, about_z = weak
    if pose in (Action.TURN_LEFT, Action.TURN_RIGHT):
        about_y = strong * rng.choice([-1, 1])
    elif pose == Action.LOOK_UP:
        about_x = strong * rng.choice([-1, 1])
    height, width = picture.shape[:2]
    camera = np.array([[1.2 * width, 0, width / 2], [0, 1.2 * width, height / 2], [0, 0, 1]])
    axes = [np.array([about_x, 0, 0]), np.array([0, about_y, 0]), np.array([0, 0, about_z])]
    rotation = np.linalg.multi_dot([cv2.Rodrigues(axis)[0] for axis in axes])
    place = np.array([*rng.uniform(-0.05, 0.05, 2) * width, 1.2 * width / rng.uniform(0.85, 1.2)])
    centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    plane = np.column_stack([rotation[:, 0], rotation[:, 1], place])
    view = cv2.warpPerspective(picture, camera @ plane @ centre, (width, height), borderValue=(96, 96, 96))
    return np.asarray(view, np.uint8)
