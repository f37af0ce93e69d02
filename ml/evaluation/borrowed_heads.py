"""Tries of the liveness challenge with a stranger's head: a photograph of the owner looks ahead, a stranger moves.

Whoever attacks knows the model, and sends those frames of a film that pass most easily.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np

from ml.evaluation.liveness import Reader, Try, tilted
from ml.faces.images import decode, encode_jpeg
from ml.faces.liveness import Action, Code, Frame, Verdict, judge
from ml.faces.liveness.challenge import MIN_DEPTH, TURNS, by_cosine, faces_camera, is_clear, pose_of
from ml.faces.liveness.motion import depth_of_motion, turn_between
from ml.types import Floats, Picture

# Whether a head, by its embedding (d,), meets templates (k, d).
Meets = Callable[[Floats, Floats], bool]

# A turn alone stands for a turn and a movement that is granted.
ASKED = (
    (Action.TURN_LEFT,),
    (Action.TURN_RIGHT,),
    (Action.TURN_LEFT, Action.TURN_RIGHT),
    (Action.TURN_LEFT, Action.LOOK_UP),
    (Action.TURN_RIGHT, Action.LOOK_UP),
)
# How many frames of each movement are sent.
COUNTS = (1, 2)
ANCHORS, RESTS = 3, 2
# A head in another photograph of the same person that is turned so far shows what a rightful turn looks like.
TURNED_DEGREES = 20.0


@dataclass(frozen=True, slots=True)
class Owner:
    """A person known by photographs.

    Attributes:
        name: Whose.
        ahead: One photograph, as it is and moved a little: what is shown for the frames at rest.
        anchors: Float32 (k, d), of other photographs.
        turned: Further ones, on which the head is turned away from the first.
    """

    name: str
    ahead: tuple[Frame, ...]
    anchors: Floats
    turned: tuple[Frame, ...]


def owner_of(name: str, pictures: Sequence[bytes], read: Reader, *, rng: np.random.Generator) -> Owner | None:
    """Take a person's photographs: one for the challenge, three as anchors. None where too few face the camera."""
    faces = [(picture, read([picture])[0]) for picture in pictures]
    usable = [(picture, face) for picture, face in faces if face is not None and faces_camera(face)]
    if len(usable) <= ANCHORS:
        return None
    picture, start = usable[0]
    moved = [read([encode_jpeg(tilted(decode(picture), "rest", rng))])[0] for _ in range(RESTS)]
    ahead = [start, *(face for face in moved if face is not None)]
    anchors = [face for _, face in usable[1 : 1 + ANCHORS]]
    others = [face for _, face in faces if face is not None and not any(face is each for each in anchors)]
    turned = [
        face
        for face in others
        if is_clear(face) and abs(turn_between(start.points, face.points).yaw) >= TURNED_DEGREES
    ]
    return Owner(name, tuple(ahead), np.stack([face.embedding for face in anchors]), tuple(turned))


def own_head_tries(owners: Sequence[Owner], meets: Meets) -> Iterator[Try]:
    """Another photograph of the same person, taken elsewhere, for the turn: what rightful people lose, at the worst."""
    for owner in owners:
        for face in owner.turned:
            action = pose_of(face, owner.ahead[0])
            if isinstance(action, Action):
                frames = [*owner.ahead, face]
                yield Try(
                    "own head on another photograph", "photographs", _verdict(frames, [action], owner, meets)
                )


def borrowed_head_tries(
    owners: Sequence[Owner], films: Mapping[str, Sequence[Frame]], meets: Meets
) -> Iterator[Try]:
    """The owner's photograph for the frames at rest, a stranger's film for the movements; one try for each owner.

    Of the challenges that the film can answer with frames that are alike one by one, the one counts that goes best for
    whoever attacks.
    """
    for source, film in films.items():
        for owner in owners:
            verdicts = [_verdict(frames, asked, owner, meets) for asked, frames in _attacks(owner, film)]
            best = min(verdicts, key=lambda verdict: not verdict.passed, default=Verdict(Code.SEVERAL_PEOPLE))
            yield Try("photograph of the owner, head of a stranger", source, best)


def _attacks(owner: Owner, film: Sequence[Frame]) -> Iterator[tuple[tuple[Action, ...], list[Frame]]]:
    """Challenges, and the film's frames that answer them, one or two of each movement."""
    likest = _likest(owner, film)
    for asked, count in product(ASKED, COUNTS):
        if all(likest[action] for action in asked):
            yield asked, [*owner.ahead, *(face for action in asked for face in likest[action][:count])]


def _likest(owner: Owner, film: Sequence[Frame]) -> dict[Action, list[Frame]]:
    """For each movement the frames that are clear, solid and most like the owner."""
    start = owner.ahead[0]
    alike = [face for face in film if by_cosine(start.embedding, face.embedding)]
    shown: dict[Action, list[Frame]] = {action: [] for asked in ASKED for action in asked}
    for face in sorted(
        alike, key=lambda face: (not is_clear(face), -float(face.embedding @ start.embedding))
    ):
        action = pose_of(face, start)
        if not isinstance(action, Action) or len(shown[action]) == max(COUNTS):
            continue
        if action not in TURNS or depth_of_motion(start.points, face.points) >= MIN_DEPTH:
            shown[action].append(face)
    return shown


def _verdict(frames: Sequence[Frame], asked: Sequence[Action], owner: Owner, meets: Meets) -> Verdict:
    """The judge's, and then whether what turned is the head that was enrolled."""
    verdict = judge(frames, asked)
    if verdict.passed and not all(meets(owner.anchors, mean) for mean in verdict.turned):
        return replace(verdict, code=Code.SEVERAL_PEOPLE)
    return verdict


def blurred(picture: Picture) -> Picture:
    """Return a picture, uint8 (height, width, 3), out of focus."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)


def far_away(picture: Picture) -> Picture:
    """Return it at a fifth of its size, on gray."""
    small = cv2.resize(picture, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA)
    canvas = np.full_like(picture, 120)
    top, left = ((whole - part) // 2 for whole, part in zip(picture.shape[:2], small.shape[:2], strict=True))
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def overexposed(picture: Picture) -> Picture:
    """Return it far too bright."""
    return np.asarray(np.clip(picture * 2.2 + 40, 0, 255), np.uint8)


FILMED: Mapping[str, Callable[[Picture], Picture]] = {
    "": lambda picture: picture,
    ", blurred": blurred,
    ", small": far_away,
    ", overexposed": overexposed,
}
