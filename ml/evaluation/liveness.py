"""Tries of the liveness challenge: clips of real people, and attacks made of them and of photographs.

The client is imitated: it waits until a cruder measure of the head's pose than the judge's says that an action is done,
then picks frames. Attacks are synthetic, so their figures show that the rules hold, not how often a real attack fails.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import permutations
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from ml.faces.images import encode_jpeg
from ml.faces.liveness import Action, Frame, Verdict, judge
from ml.faces.liveness.challenge import TURNS
from ml.faces.liveness.motion import shift_between
from ml.types import Picture

Judge = Callable[[Sequence[Frame], Sequence[Action]], Verdict]
Pose = Action | str | None
Clips = Mapping[str, Sequence[Frame]]

FRAMES_PER_SECOND = 15
# The client keeps no two frames within 110 milliseconds.
SPACING = 2
SIDE_PX = 640
PER_STEP = 3
HEAD_ACTIONS = (Action.TURN_LEFT, Action.TURN_RIGHT, Action.LOOK_UP)
# Nothing else is drawn: a turn is always among it. No clip opens its mouth.
CHALLENGES = tuple(
    actions for actions in permutations((*HEAD_ACTIONS, Action.BLINK), 2) if set(TURNS) & set(actions)
)
BLINK_ALONE = ((Action.BLINK,),)
# The client asks for a little more than the judge.
CLIENT_TURN_DEGREES, CLIENT_UP_DEGREES, CLIENT_REST_DEGREES = 24.0, 20.0, 8.0
CLIENT_EYES_CLOSED, CLIENT_EYES_OPEN = 0.45, 0.75
# Whoever has narrower eyes at the start is blinking.
CLIENT_MIN_EYES = 0.12
# In eye distances: a camera that shows one picture twice has nothing new.
CLIENT_SAME_FRAME = 2e-3
TILT_DEGREES = 55.0
SHAKEN_PX = (9, 26)


class Reader(Protocol):
    """What `FacePipeline.frames` does."""

    def __call__(self, files: Sequence[bytes], *, eyes: bool = False) -> Sequence[Frame | None]:
        """Take the face of each picture."""


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
    known: dict[tuple[bool, tuple[bytes, ...]], Sequence[Frame | None]] = {}  # most are judged repeatedly

    def judged(shots: Sequence[Frame], actions: Sequence[Action]) -> Verdict:
        pictures = tuple(shot.picture for shot in shots if isinstance(shot, Shot))
        key = (Action.BLINK in actions, pictures)
        if key not in known:
            known[key] = read(pictures, eyes=Action.BLINK in actions)
        return judge(known[key], actions)

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


def cost_of_frames(
    pictures: Sequence[bytes], read: Callable[[Sequence[bytes]], object], *, rounds: int
) -> Cost:
    """Measure what it costs to read frames, after a first round that does not count."""
    passed, used = [], []
    for _ in range(rounds + 1):
        began, began_using = time.perf_counter(), time.process_time()
        read(pictures)
        passed.append((time.perf_counter() - began) / len(pictures))
        used.append((time.process_time() - began_using) / len(pictures))
    return Cost(1000 * float(np.median(passed[1:])), 1000 * float(np.median(used[1:])))


def clip_pictures(path: Path) -> Iterator[bytes]:
    """Yield a clip's frames as JPEG files, 15 a second, at most 640 pixels wide or high."""
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


def answers(
    frames: Sequence[Frame], *, starts: int, challenges: Sequence[tuple[Action, ...]] = CHALLENGES
) -> Iterator[tuple[list[Action], list[Frame]]]:
    """Yield challenges and the frames a client would send, the clip running in a loop.

    Args:
        frames: The faces of one clip.
        starts: At how many moments of the clip each challenge begins.
        challenges: What may be asked.
    """
    for actions in challenges:
        for start in np.linspace(0, len(frames), starts, endpoint=False).astype(int):
            looped = [*frames[start:], *frames, *frames]
            picked = pick(looped, actions)
            if picked is not None:
                yield list(actions), picked


def pick(frames: Sequence[Frame], actions: Sequence[Action]) -> list[Frame] | None:
    """Return the frames a client picks, or None where the clip lacks a start or an action."""
    eyes = Action.BLINK in actions
    first = next((i for i, frame in enumerate(frames) if _looks_ahead(frame, eyes=eyes)), None)
    if first is None:
        return None
    picked, free = [frames[first]], first + SPACING
    for pose in _wanted(actions):
        at = next((i for i in range(free, len(frames)) if _fits(frames[i], pose, picked, eyes=eyes)), None)
        if at is None:
            return None
        picked.append(frames[at])
        free = at + SPACING
    return picked


def _wanted(actions: Sequence[Action]) -> Iterator[Pose]:
    """What the frames after the first have to show: a blink is one frame of closed eyes and one of open ones."""
    for step in ("rest", *actions):
        yield from [step, "rest"] if step == Action.BLINK else [step] * PER_STEP


def _fits(frame: Frame, pose: Pose, picked: Sequence[Frame], *, eyes: bool) -> bool:
    if any(frame is earlier for earlier in picked):  # a clip runs in a loop, a camera does not
        return False
    moved = shift_between(picked[-1].points, frame.points) >= CLIENT_SAME_FRAME
    return moved and client_pose(frame, picked[0], eyes=eyes) == pose


def _looks_ahead(frame: Frame, *, eyes: bool) -> bool:
    awake = not eyes or frame.eyes is None or frame.eyes >= CLIENT_MIN_EYES
    return awake and abs(frame.yaw_degrees) < 14 and abs(frame.pitch_degrees) < 18 and not frame.reasons


def client_pose(frame: Frame, start: Frame, *, eyes: bool = False) -> Pose:
    """Return what the client takes a frame for, by the difference of two poses; eyes count where a blink is asked."""
    yaw, pitch = frame.yaw_degrees - start.yaw_degrees, frame.pitch_degrees - start.pitch_degrees
    if abs(yaw) >= CLIENT_TURN_DEGREES:
        return Action.TURN_LEFT if yaw > 0 else Action.TURN_RIGHT
    if pitch >= CLIENT_UP_DEGREES and abs(yaw) < CLIENT_REST_DEGREES:
        return Action.LOOK_UP
    if max(abs(yaw), abs(pitch)) >= CLIENT_REST_DEGREES:
        return None
    if not eyes or frame.eyes is None or start.eyes is None:
        return "rest"
    if frame.eyes <= CLIENT_EYES_CLOSED * start.eyes:
        return Action.BLINK
    return "rest" if frame.eyes >= CLIENT_EYES_OPEN * start.eyes else None


def bona_fide_tries(clips: Clips, *, starts: int, judged: Judge = judge) -> list[Try]:
    """Every challenge that the clips contain, from many moments on."""
    return [
        Try(
            "bona fide, with a blink" if Action.BLINK in actions else "bona fide",
            name,
            judged(frames, actions),
        )
        for name, clip in clips.items()
        for actions, frames in answers(clip, starts=starts)
    ]


def blink_tries(clips: Clips, *, starts: int, judged: Judge = judge) -> list[Try]:
    """A blink alone, which is never asked for: clips of people who do not turn tell of it too."""
    return [
        Try("bona fide, a blink alone", name, judged(frames, actions))
        for name, clip in clips.items()
        for actions, frames in answers(clip, starts=starts, challenges=BLINK_ALONE)
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
    """A photograph moved, scaled, rotated and tilted the way each action would have it, up to 55 degrees.

    Where a blink is asked it is granted, whatever the lids show: the rest has to hold.
    """
    tries = []
    for picture in pictures:
        actions = CHALLENGES[int(rng.integers(len(CHALLENGES)))]
        steps: list[Pose] = ["rest", *_wanted(actions)]
        frames = read([encode_jpeg(tilted(picture, step, rng)) for step in steps])
        granted = [
            frame and replace(frame, eyes=0.0 if step == Action.BLINK else 1.0)
            for frame, step in zip(frames, steps, strict=True)
        ]
        blinks = Action.BLINK in actions
        kind = "still image, its blink granted" if blinks else "still image"
        tries.append(Try(kind, "photographs", judge(granted if blinks else frames, actions)))
    return tries


def shaken_tries(pictures: Sequence[Picture], read: Reader, *, rng: np.random.Generator) -> list[Try]:
    """A photograph that is shaken sideways for a blink, while nothing else is asked, as it never happens."""
    tries = []
    for picture in pictures:
        views = [tilted(picture, "rest", rng) for _ in range(5)]
        views[3] = shaken(views[3], int(rng.integers(*SHAKEN_PX)))
        frames = read([encode_jpeg(view) for view in views], eyes=True)
        tries.append(Try("shaken still image, a blink alone", "photographs", judge(frames, [Action.BLINK])))
    return tries


def shaken(picture: Picture, side_px: int) -> Picture:
    """Return a picture, uint8 (height, width, 3), smeared sideways over so many pixels."""
    return np.asarray(cv2.blur(picture, (side_px, 1)), np.uint8)


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
