"""Thresholds at a target false match rate of the whole decision, for each decision rule and k anchors.

Up to as many anchors as people have pictures enough, thresholds are measured; beyond, with j the largest number
measured, they are extended by a bound.

**Template mean.** The threshold depends on k. A template is `mean(e_i) / |mean(e_i)|`: the mean of several embeddings
of one person is shorter than 1, and dividing by that length raises the similarity to strangers too. A threshold
measured for one anchor would therefore let through more strangers than promised when there are five.

A stranger's similarity to a template of k anchors is the mean of k scores, divided by the length

    n_k = sqrt(1/k + (1 - 1/k) r)       r: mean cosine between two embeddings of that person

Averaging more scores of the same person against the same stranger only narrows their spread, so the numerator's upper
tail for k > j is no fatter than for j; the length is known. So each similarity measured with j anchors is multiplied
by `n_j / n_k` of its person, and the threshold is taken from the result: never looser than measured, and a little
stricter than needed. Distances of unit vectors follow from their cosines. Where vectors keep the length that the
network gave them, no such bound is known, and there are thresholds for the measured numbers of anchors alone.

**Votes** (best anchor: 1 of k; share of anchors: m of k, m = ceil(0.7 k)). Take a stranger's probe that is let in with
k anchors: at least m_k of them match it. Among all choices of j of the k anchors, the share

    h = P(at least m_j of the j chosen are among m_k given ones)       hypergeometric, exact

at least would let it in with j anchors. So, averaged over the choices, `FMR_j(t) >= h FMR_k(t)`, and the threshold
measured with j anchors at `h` times the target holds the target with k. For best anchor h = j/k, a union bound over
groups of anchors. The bound assumes nothing of how anchors depend on each other, only that a person's pictures are in
no particular order, and that people with more pictures are met by strangers no more often.

**How many comparisons it takes.** If none of n independent comparisons is a false match, the FMR is below 3/n with
95 % confidence (the rule of three): with fewer than 3 / FMR comparisons, a threshold for that FMR would be a guess,
and there is none.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.config import CALIBRATED_FMRS, MAX_ANCHORS, SEED
from ml.errors import DatasetError
from ml.faces import images
from ml.serving.embedder import Embedder
from ml.siamese.comparators import Comparator, CosineComparator, EuclideanComparator, template_mean
from ml.siamese.rules import SHARE_OF_ANCHORS, TEMPLATE_MEAN, decision_rule, votes_needed
from ml.types import Floats, Picture

Progress = Callable[[Sequence[Path]], Iterable[Path]]
_MARGIN_PX = 8
# Neighbouring rows of a stretched border differ by JPEG noise alone; levels of 255.
_STRETCHED = 0.5
_BORDER_PX = 4
_RULE_OF_THREE = 3


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Embeddings of many people.

    Attributes:
        embeddings: Float32 (n, d), of unit length if the comparator works on such.
        subjects: Int (n,), rising from 0 without gaps; a person's rows are adjacent.
        comparator: Of the network that made them.
    """

    embeddings: Floats
    subjects: npt.NDArray[np.int64]
    comparator: Comparator = field(default_factory=CosineComparator)

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.subjects[-1]) + 1


@dataclass(frozen=True, slots=True)
class NonMated:
    """Anchors of some people against all pictures of all others.

    Attributes:
        similarity: Float32 (t, n), the rule's scores; the anchors' own person's pictures are -inf.
        owners: Int (t,), whose template each row is.
        probes: Int (n,), whose picture each column is.
        lengths: Float (t,), length of the anchors' mean.
        cohesion: Float (t,), mean cosine between two anchors of unit length; 1 for a single anchor.
    """

    similarity: Floats
    owners: npt.NDArray[np.int64]
    probes: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.float64]
    cohesion: npt.NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many comparisons there are."""
        return int(np.isfinite(self.similarity).sum())


def split_subjects(names: Sequence[str], *, calibration_share: float = 0.5) -> tuple[list[str], list[str]]:
    """Split people into a calibration part and a test part, by a digest of their names: stable when people are added.

    Args:
        names: One a person.
        calibration_share: Expected share of the first part, in [0, 1].
    """
    parts: tuple[list[str], list[str]] = ([], [])
    for name in sorted(names):
        position = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32
        parts[position >= calibration_share].append(name)
    return parts


def embed_aligned(
    embedder: Embedder, data: Path, names: Sequence[str], *, progress: Progress = iter
) -> FaceSet:
    """Embed people's aligned faces, `data/<name>/*.jpg` of 128 pixels: the 112 template with a margin of 8.

    Faces whose border was filled by stretching the picture's edge are left out, as the quality gate would refuse
    them: such fill makes strangers look alike.

    Args:
        embedder: Makes the embeddings.
        data: The set's folder.
        names: The people.
        progress: Wraps the list of pictures.

    Raises:
        DatasetError: `dataset_missing` if there is no picture.
    """
    paths = [path for name in names for path in sorted((data / name).glob("*.jpg"))]
    rows: dict[str, list[Floats]] = {}
    for path in progress(paths):
        crop = images.decode(path.read_bytes())[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX]
        if not has_stretched_border(crop):
            rows.setdefault(path.parent.name, []).append(embedder.embed(crop))
    if not rows:
        raise DatasetError("dataset_missing", f"expected pictures of people in {data}, found none")
    subjects = np.repeat(np.arange(len(rows)), [len(person) for person in rows.values()])
    embeddings = np.concatenate([np.stack(person) for person in rows.values()])
    return FaceSet(embeddings, subjects, embedder.comparator)


def has_stretched_border(crop: Picture) -> bool:
    """Whether an edge's outermost lines are copies of each other, as when a missing border was filled.

    Args:
        crop: Uint8 (height, width, 3).
    """
    levels = crop.astype(np.float32)
    for turned in (levels, levels[::-1], levels.swapaxes(0, 1), levels[:, ::-1].swapaxes(0, 1)):
        steps = np.abs(np.diff(turned[: _BORDER_PX + 1], axis=0)).mean(axis=(1, 2))
        if steps.max() < _STRETCHED:
            return True
    return False


def non_mated(faces: FaceSet, anchors: int, *, rule: str = TEMPLATE_MEAN) -> NonMated:
    """Compare the anchors of everyone with enough pictures to all pictures of everyone else.

    Args:
        faces: All the people.
        anchors: How many of a person's pictures, the first ones, are the anchors.
        rule: How they decide, a name of `ml.siamese.rules`.
    """
    starts = np.searchsorted(faces.subjects, np.arange(faces.people))
    sizes = np.bincount(faces.subjects)
    owners = np.flatnonzero(sizes >= anchors)
    if owners.size < 2:
        raise DatasetError(
            "dataset_too_small", f"expected 2 people with {anchors} pictures, found {owners.size}"
        )
    groups = [faces.embeddings[starts[owner] : starts[owner] + anchors] for owner in owners]
    if rule == TEMPLATE_MEAN:  # one product for everybody
        means = [template_mean(group, unit_length=faces.comparator.unit_length) for group in groups]
        similarity = faces.comparator.matrix(np.stack(means), faces.embeddings)
    else:
        decides = decision_rule(rule, faces.comparator)
        similarity = np.stack([decides.scores(group, faces.embeddings) for group in groups])
    lengths = np.array([float(np.linalg.norm(group.mean(axis=0))) for group in groups])
    cohesion = np.ones_like(lengths) if anchors == 1 else (anchors * lengths**2 - 1) / (anchors - 1)
    similarity[owners[:, None] == faces.subjects[None]] = -np.inf
    return NonMated(similarity, owners, faces.subjects, lengths, cohesion)


def thresholds(
    faces: FaceSet,
    *,
    measured_anchors: int,
    rule: str = TEMPLATE_MEAN,
    fmrs: Sequence[float] = CALIBRATED_FMRS,
) -> dict[float, tuple[float, ...]]:
    """Return the threshold for each FMR and 1, 2, ... anchors, after the module's description.

    Args:
        faces: The calibration people.
        measured_anchors: Up to how many anchors thresholds are measured; beyond, they are bounded if a bound is known.
        rule: How anchors decide, a name of `ml.siamese.rules`.
        fmrs: Target false match rates, falling.

    Returns:
        For each FMR that there are comparisons enough for, thresholds for up to `MAX_ANCHORS` anchors.
    """
    if isinstance(faces.comparator, EuclideanComparator):
        cosine = replace(faces, comparator=CosineComparator())
        table = thresholds(cosine, measured_anchors=measured_anchors, rule=rule, fmrs=fmrs)
        return {fmr: tuple(map(_as_distance, row)) for fmr, row in table.items()}
    measured = [non_mated(faces, anchors, rule=rule) for anchors in range(1, measured_anchors + 1)]
    rows = {fmr: _row(measured, fmr, rule, faces.comparator) for fmr in fmrs}
    return {fmr: row for fmr, row in rows.items() if row}


def comparisons_needed(fmr: float) -> int:
    """Return how many non-mated comparisons it takes to say anything about an FMR, by the rule of three."""
    return math.ceil(round(_RULE_OF_THREE / fmr, 6))


def _row(measured: Sequence[NonMated], fmr: float, rule: str, comparator: Comparator) -> tuple[float, ...]:
    """The thresholds for 1, 2, ... anchors at one FMR, as far as measurements or the bound reach."""
    decimals = 4 if comparator.unit_length else 6  # probabilities crowd near 1
    enough = list(takewhile(lambda scored: scored.count >= comparisons_needed(fmr), measured))
    row = [_tail_threshold(scored.similarity, fmr, decimals) for scored in enough]
    is_bounded = rule != TEMPLATE_MEAN or comparator.unit_length
    for anchors in range(len(row) + 1, MAX_ANCHORS + 1 if enough and is_bounded else 0):
        share = 1.0 if rule == TEMPLATE_MEAN else choices_let_in(rule, anchors, len(enough))
        if enough[-1].count < comparisons_needed(fmr * share):
            break
        scores = enough[-1].similarity
        if rule == TEMPLATE_MEAN:
            scores = _extended(enough[-1], len(enough), anchors)
        row.append(_tail_threshold(scores, fmr * share, decimals))
    if rule != SHARE_OF_ANCHORS and row:  # two of two is stricter than one of one: its thresholds may fall
        # More anchors never make it easier, whatever the noise of a small set says.
        row = np.maximum.accumulate(row).tolist()
    return tuple(round(value, decimals) for value in row)


def choices_let_in(rule: str, anchors: int, chosen: int) -> float:
    """Return the least share of choices among the anchors that let in whom all of them let in, after the module.

    Args:
        rule: One that counts anchors.
        anchors: How many there are.
        chosen: How many are chosen of them.
    """
    matching, needed = votes_needed(rule, anchors), votes_needed(rule, chosen)
    ways = sum(
        math.comb(matching, found) * math.comb(anchors - matching, chosen - found)
        for found in range(needed, chosen + 1)
    )
    return ways / math.comb(anchors, chosen)


def false_match_rate(
    scored: NonMated, threshold: float, *, replicates: int = 500, seed: int = SEED
) -> tuple[float, tuple[float, float]]:
    """Return the FMR at a threshold and its 95 % interval, by drawing people with replacement.

    Args:
        scored: Comparisons of people that the threshold was not set on.
        threshold: A comparison at or above it matches.
        replicates: How many times the people are drawn.
        seed: Makes the result repeatable.
    """
    rows, columns = np.nonzero(scored.similarity >= threshold)
    owners, strangers = scored.owners[rows], scored.probes[columns]
    generator = np.random.default_rng(seed)
    people = int(scored.probes[-1]) + 1
    pictures = np.bincount(scored.probes, minlength=people)
    has_template = np.isin(np.arange(people), scored.owners)
    drawn = []
    for _ in range(replicates):
        counts = np.bincount(generator.integers(people, size=people), minlength=people)
        own = (counts * has_template * counts * pictures).sum()
        total = (counts * has_template).sum() * (counts * pictures).sum() - own
        drawn.append((counts[owners] * counts[strangers]).sum() / total)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return len(rows) / scored.count, (float(low), float(high))


def _extended(scored: NonMated, measured: int, anchors: int) -> Floats:
    """What the measured similarities become, at most, with more anchors."""

    def length(k: int) -> npt.NDArray[np.float64]:
        return np.sqrt(1 / k + (1 - 1 / k) * np.maximum(scored.cohesion, 0))

    factor = (length(measured) / length(anchors)).astype(np.float32)
    return scored.similarity * factor[:, None]


def _tail_threshold(similarity: Floats, fmr: float, decimals: int) -> float:
    """The lowest threshold of so many decimals whose share of similarities at or above it is at most the FMR."""
    scores = similarity[np.isfinite(similarity)]
    place = scores.size - int(fmr * scores.size) - 1
    first_too_many = float(np.partition(scores, place)[place])
    steps = 10.0**decimals
    return (math.floor(first_too_many * steps) + 1) / steps


def _as_distance(cosine: float) -> float:
    """The negated distance of unit vectors with that cosine, rounded to the strict side; above 1, none reaches it."""
    if cosine > 1:
        return 1e-4
    return math.ceil(-math.sqrt(max(2 - 2 * cosine, 0.0)) * 1e4) / 1e4
