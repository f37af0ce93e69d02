"""Two invented people, and how they are seen. They are unlike in what tells faces apart: proportions above all."""

from dataclasses import dataclass

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Head:
    """What a head looks like; plain numbers are factors of the usual size.

    Attributes:
        width: Of the whole face.
        length: From the eyes down.
        jaw: Its width.
        chin: Its width.
        cheek: How full.
        ridge: How strong the bone above the eyes is.
        nose: Width, length and height.
        hump: How much of one the nose has, from 0.
        eye_gap: From the middle to each pupil, a length.
        eye: Half the width and about half the height of its opening, lengths.
        slant: How much the outer corner of an eye stands above the inner one.
        lips: How full.
        mouth: Half its width, a length.
        brow: Height above the eyes, half its thickness, and its arch, lengths.
        skin: Colour.
        lip: Colour.
        hair: Colour.
        iris: Colour.
        shirt: Colour.
        has_long_hair: Down to the shoulders, instead of short.
        beard: Its share of the colour, from 0 to 1.
        freckles: Their share of the colour, from 0 to 1.
        seed: Of all that is irregular.
    """

    width: float
    length: float
    jaw: float
    chin: float
    cheek: float
    ridge: float
    nose: Triple
    hump: float
    eye_gap: float
    eye: tuple[float, float]
    slant: float
    lips: float
    mouth: float
    brow: Triple
    skin: Triple
    lip: Triple
    hair: Triple
    iris: Triple
    shirt: Triple
    has_long_hair: bool
    beard: float
    freckles: float
    seed: int


@dataclass(frozen=True, slots=True)
class View:
    """How a head is held, and where the light stands.

    Attributes:
        yaw: Degrees to its left.
        pitch: Degrees down.
        roll: Degrees towards its right shoulder.
        key: Direction of the strongest light, from the head.
        warmth: Colour of that light.
        backdrop: Colour.
    """

    yaw: float
    pitch: float
    roll: float
    key: Triple
    warmth: Triple
    backdrop: Triple


OTTO = Head(
    width=0.96,
    length=1.1,
    jaw=1.15,
    chin=1.15,
    cheek=0.8,
    ridge=1.5,
    nose=(1.25, 1.1, 1.12),
    hump=0.6,
    eye_gap=0.30,
    eye=(0.14, 0.045),
    slant=0,
    lips=0.7,
    mouth=0.26,
    brow=(0.17, 0.055, 0.01),
    skin=(0.74, 0.52, 0.40),
    lip=(0.58, 0.32, 0.28),
    hair=(0.13, 0.085, 0.06),
    iris=(0.2, 0.13, 0.07),
    shirt=(0.15, 0.3, 0.33),
    has_long_hair=False,
    beard=0.85,
    freckles=0,
    seed=3,
)
RUNA = Head(
    width=1.03,
    length=0.88,
    jaw=0.9,
    chin=0.8,
    cheek=1.1,
    ridge=0.6,
    nose=(0.85, 0.78, 0.90),
    hump=0,
    eye_gap=0.335,
    eye=(0.165, 0.075),
    slant=0.12,
    lips=1.5,
    mouth=0.21,
    brow=(0.24, 0.024, 0.05),
    skin=(0.88, 0.66, 0.55),
    lip=(0.72, 0.32, 0.32),
    hair=(0.45, 0.22, 0.08),
    iris=(0.25, 0.42, 0.38),
    shirt=(0.55, 0.35, 0.2),
    has_long_hair=True,
    beard=0,
    freckles=0.6,
    seed=8,
)

AHEAD = View(-6, 2, -1, key=(-0.5, 0.6, 0.8), warmth=(1, 0.96, 0.9), backdrop=(0.62, 0.66, 0.68))
TURNED = View(18, -4, 3, key=(0.9, 0.4, 0.6), warmth=(1, 0.9, 0.78), backdrop=(0.70, 0.62, 0.53))
PICTURES = {
    "otto-1": (OTTO, AHEAD),
    "otto-2": (OTTO, TURNED),
    "runa-1": (RUNA, AHEAD),
    "runa-2": (RUNA, TURNED),
}
