"""Can one picture tell a screen or a print from a face? Learned from all sources but one, tried on that one.

The recipe, too, is chosen without the unseen source: by what each does among the others, one of them left out in turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from ml.errors import DatasetError
from ml.evaluation.metrics import Comparisons, ErrorCurve, error_curve
from ml.faces.images import decode, encode_jpeg
from ml.faces.liveness.appearance import GROUPS, appearance
from ml.faces.liveness.passive import ATTACK_FROM, Evidence, PassiveCheck
from ml.types import Floats, Picture, Rates

KINDS = ("bona_fide", "attack")
NEWTON_STEPS = 12
# How an altered copy differs: gain, blur in pixels, longer side in pixels, JPEG quality.
GAIN, BLUR_PX, LONG_SIDE_PX, QUALITY = (0.7, 1.3), (0.1, 1.2), (64, 160), (40, 95)


@dataclass(frozen=True, slots=True)
class Source:
    """The pictures of one camera and author, measured.

    Attributes:
        name: Its folder.
        plain: Float32 (n, d), the pictures as they are.
        altered: Float32 (n, d), the same in another size, light, sharpness and compression.
        attack: Bool (n,), whether the picture is of a screen or a print.
    """

    name: str
    plain: Floats
    altered: Floats
    attack: np.ndarray


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a check is learned.

    Attributes:
        groups: The groups of measures it looks at.
        ridge: Weight of the squared coefficients against the mean log loss.
        with_altered: Whether it learns from the altered copies too.
    """

    groups: tuple[str, ...]
    ridge: float
    with_altered: bool

    @property
    def columns(self) -> np.ndarray:
        """Bool (d,): which measures it looks at."""
        return np.concatenate([np.full(size, name in self.groups) for name, size in GROUPS.items()])

    def __str__(self) -> str:
        copies = ", altered copies" if self.with_altered else ""
        return f"{' + '.join(self.groups)}, ridge {self.ridge:g}{copies}"


RECIPES = tuple(
    Recipe(groups, ridge, with_altered)
    for groups, ridge, with_altered in product(
        (tuple(GROUPS), ("patterns",), ("spectrum", "patterns"), ("colour",)), (0.01, 0.1), (False, True)
    )
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check did on one source that it never saw.

    Attributes:
        source: Its name.
        recipe: How the check was learned.
        people: Number of pictures of faces.
        attacks: Number of pictures of screens and prints.
        apcer: Share of the attacks taken for people, at a probability of one half.
        bpcer: Share of the people taken for attacks there.
        eer: Where both are equal.
        auc: Area under the ROC: 0.5 is a coin, below it the check is wrong more often than right.
    """

    source: str
    recipe: Recipe
    people: int
    attacks: int
    apcer: float
    bpcer: float
    eer: float
    auc: float


def read_sources(folder: Path, *, seed: int) -> list[Source]:
    """Measure every picture of `<source>/{bona_fide,attack}/<name>.jpg`.

    Raises:
        DatasetError: If there are fewer than three sources, or one lacks either kind.
        ImageError: If a file is no picture.
    """
    rng = np.random.default_rng(seed)
    sources = [_read(path, rng) for path in sorted(folder.glob("*")) if path.is_dir()]
    if len(sources) < 3:
        raise DatasetError(
            "dataset_too_small", f"expected at least 3 sources in {folder}, found {len(sources)}"
        )
    return sources


def _read(folder: Path, rng: np.random.Generator) -> Source:
    files = [sorted((folder / kind).glob("*.jpg")) for kind in KINDS]
    if not all(files):
        raise DatasetError("dataset_missing", f"expected pictures in {folder}/bona_fide and {folder}/attack")
    faces = [decode(path.read_bytes()) for kind in files for path in kind]
    return Source(
        folder.name,
        plain=np.stack([appearance(face) for face in faces]),
        altered=np.stack([appearance(alter(face, rng)) for face in faces]),
        attack=np.repeat([False, True], [len(kind) for kind in files]),
    )


def alter(face: Picture, rng: np.random.Generator) -> Picture:
    """Take a face as another camera might have: other light, sharpness, size and compression, all at random."""
    lit = np.clip(face * rng.uniform(*GAIN), 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(lit, (0, 0), rng.uniform(*BLUR_PX))
    factor = rng.uniform(*LONG_SIDE_PX) / max(face.shape)
    scaled = np.asarray(
        cv2.resize(blurred, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )
    return decode(encode_jpeg(scaled, quality=int(rng.integers(*QUALITY))))


def learn(sources: Sequence[Source], recipe: Recipe) -> PassiveCheck:
    """Fit the regression by Newton's method. Each source counts the same, and in it people as much as attacks."""
    copies = 2 if recipe.with_altered else 1
    measures = np.concatenate([part for each in sources for part in (each.plain, each.altered)[:copies]])
    truth = np.concatenate([each.attack for each in sources for _ in range(copies)])
    share = np.concatenate([_shares(each.attack) for each in sources for _ in range(copies)])
    share /= share.sum()
    mean = share @ measures
    scale = np.where(recipe.columns, np.sqrt(share @ (measures - mean) ** 2) + 1e-6, np.inf)
    columns = np.append(recipe.columns, True)
    scaled = np.column_stack([(measures - mean) / scale, np.ones(len(measures))])[:, columns]
    ridge = np.append(np.full(scaled.shape[1] - 1, recipe.ridge), 1e-9)
    found = np.zeros(scaled.shape[1])
    for _ in range(NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(scaled @ found, -30, 30)))
        slope = scaled.T @ (share * (probability - truth)) + ridge * found
        bend = (scaled.T * (share * probability * (1 - probability))) @ scaled + np.diag(ridge)
        found -= np.linalg.solve(bend, slope)
    weights = np.zeros(len(columns))
    weights[columns] = found
    return PassiveCheck(mean, scale, weights[:-1], float(weights[-1]))


def _shares(attack: np.ndarray) -> Rates:
    return np.asarray(np.where(attack, 0.5 / attack.sum(), 0.5 / (~attack).sum()))


def leave_one_out(sources: Sequence[Source], recipes: Sequence[Recipe] = RECIPES) -> list[Outcome]:
    """Try on each source a check learned from the others, by the recipe that does best among those others."""
    outcomes = []
    for unseen in sources:
        others = [each for each in sources if each is not unseen]
        recipe = best(others, recipes)
        outcomes.append(tried(learn(others, recipe), unseen, recipe))
    return outcomes


def leave_one_out_with(sources: Sequence[Source], recipe: Recipe) -> list[Outcome]:
    """The same with one recipe for all."""
    return [
        tried(learn([each for each in sources if each is not unseen], recipe), unseen, recipe)
        for unseen in sources
    ]


def best(sources: Sequence[Source], recipes: Sequence[Recipe] = RECIPES) -> Recipe:
    """The recipe that does best on sources left out in turn."""
    return max(recipes, key=lambda candidate: _mean_auc(sources, candidate))


def evidence(outcomes: Sequence[Outcome]) -> Evidence:
    """Means over the sources, each counting the same."""
    apcer, bpcer, auc = np.mean([(each.apcer, each.bpcer, each.auc) for each in outcomes], axis=0)
    return Evidence(
        sources=len(outcomes),
        people=sum(each.people for each in outcomes),
        attacks=sum(each.attacks for each in outcomes),
        apcer=round(float(apcer), 4),
        bpcer=round(float(bpcer), 4),
        auc=round(float(auc), 4),
    )


def _mean_auc(sources: Sequence[Source], recipe: Recipe) -> float:
    return float(np.mean([each.auc for each in leave_one_out_with(sources, recipe)]))


def tried(check: PassiveCheck, source: Source, recipe: Recipe) -> Outcome:
    """Try a check on a source, with its pictures as they are."""
    probability = check.probability(source.plain)
    people, attacks = probability[~source.attack], probability[source.attack]
    curve = _curve(probability, source.attack)
    apcer, bpcer = float(np.mean(attacks < ATTACK_FROM)), float(np.mean(people >= ATTACK_FROM))
    return Outcome(source.name, recipe, len(people), len(attacks), apcer, bpcer, curve.eer, curve.auc)


def _curve(probability: Rates, attack: np.ndarray) -> ErrorCurve:
    return error_curve(Comparisons.of(probability, attack, np.zeros((len(attack), 2))))
