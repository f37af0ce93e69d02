"""What a person is asked to do before the camera, pure: no database, no network."""

import enum
import random

# A person needs longer than this for one movement.
SECONDS_PER_ACTION = 0.5
FEWEST_ACTIONS = 2
MIN_FRAMES, MAX_FRAMES = 4, 12
MAX_FRAME_SIDE_PX = 640


class Liveness(enum.StrEnum):
    REQUIRED = "required"
    OFF = "off"


class Action(enum.StrEnum):
    """Left and right are the person's own; `ml.faces.liveness` measures them under the same names."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    OPEN_MOUTH = "open_mouth"
    BLINK = "blink"


TURNS = {Action.TURN_LEFT, Action.TURN_RIGHT}


class LivenessFault(enum.StrEnum):
    """What is wrong with frames before anybody looks at them. Those who look add the codes of `ml.faces.liveness`."""

    REPLAYED = "replayed"
    TOO_FAST = "too_fast"


def can_draw(actions: list[str], count: int) -> bool:
    """Whether a challenge can be drawn: enough known actions, with a turn among them.

    One action alone would be a turn to this side or that: half of all recordings would fit.
    """
    enough = FEWEST_ACTIONS <= count <= len(set(actions))
    return enough and set(actions) <= set(Action) and bool(TURNS & set(actions))


def draw(actions: list[str], count: int, chance: random.Random) -> list[str]:
    """So many different actions in random order, always with a turn: no flat picture can follow that.

    Raises ValueError where `can_draw` says no.
    """
    if not can_draw(actions, count):
        raise ValueError(f"expected {count} or more known actions with a turn among them, got {actions}")
    while True:
        drawn = chance.sample(sorted(set(actions)), count)
        if TURNS & set(drawn):
            return drawn
