"""May a challenger take the champion's place? The rules, on numbers alone.

Both models are tried on the same pictures of the same people. Differences between them are judged by drawing the people
with replacement, the same draw for both, so that what makes a set easy or hard cancels out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ml.config import SEED
from ml.evaluation.calibration import FaceSet
from ml.evaluation.contests import Contest, Counts, ErrorRates, Numbers, Trial

FNMR_WORSE = "fnmr_worse"
FMR_ABOVE_TARGET = "fmr_above_target"
CANARY_ACCEPTED = "canary_accepted"
UNIVERSAL_FACE = "universal_face"
UNIVERSAL_MARK = "universal_mark"
PARITY_FAILED = "parity_failed"
MIXED_PEOPLE = "mixed_people"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a challenger must keep.

    Attributes:
        fmr: Target false match rate, at which false non-match rates are compared.
        universal_share: No picture may be accepted as more than this share of the people, and no person may accept
            pictures of more than this share ...
        universal_people: ... or so many, whichever is more: in a small set one chance match is a large share.
        foreign_share: Nobody learned from may have more pictures of other people than this share of all pictures ...
        foreign_pictures: ... or so many, whichever is more: every collection has a few mislabelled pictures.
        parity: Lowest cosine between the embeddings of the network trained and of the form served.
        replicates: How many times the people are drawn.
    """

    fmr: float = 1e-4
    universal_share: float = 1e-3
    universal_people: int = 3
    foreign_share: float = 1e-2
    foreign_pictures: int = 5
    parity: float = 0.999
    replicates: int = 500


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a challenger is refused.

    Attributes:
        code: Stable.
        where: The set or the mark on which it showed.
        limit: What would have been allowed.
        champion: What the champion reached; None where that does not matter.
        challenger: What the challenger reached.
    """

    code: str
    where: str
    limit: float
    champion: float | None
    challenger: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger may take the champion's place.

    Attributes:
        reasons: Why not; empty if it may.
        figures: What was measured, by set, ready for JSON.
    """

    reasons: tuple[Reason, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "passed": self.passed,
            "reasons": [asdict(reason) for reason in self.reasons],
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, slots=True)
class Learned:
    """Whom a challenger learned from.

    Attributes:
        names: One a person.
        pictures: How many there are of all.
        foreign: Int (n,), how many of each person's pictures are not of that person; see `foreign_pictures`.
    """

    names: Sequence[str]
    pictures: int
    foreign: Numbers


def judge(
    contests: Mapping[str, Contest],
    *,
    marked: Mapping[str, Contest],
    canaries: Sequence[tuple[int, int]],
    learned: Learned | None,
    parity: float,
    limits: Limits,
) -> Verdict:
    """Hold a challenger against the champion.

    Args:
        contests: By name of the set. The first is the frozen one, which the canaries are of.
        marked: By name of the mark, the same contest among faces that all wear it; see `ml.evaluation.marks`.
        canaries: Pairs of different people of the frozen set who must never match.
        learned: Whom the challenger learned from, as the champion sees them; None if nobody.
        parity: Lowest cosine between both forms of the challenger.
        limits: What must be kept.
    """
    reasons: list[Reason] = []
    figures: dict[str, Any] = {}
    for name, contest in contests.items():
        figures[name] = _figures(contest, limits)
        reasons += _error_rates(name, figures[name], limits)
        reasons += _universal(UNIVERSAL_FACE, name, contest, limits)
    for name, contest in marked.items():
        reasons += _universal(UNIVERSAL_MARK, name, contest, limits)
    reasons += [] if learned is None else _mixed(learned, limits)
    frozen = next(iter(contests))
    accepted = canaries_accepted(contests[frozen].challenger, canaries)
    if accepted:
        reasons.append(Reason(CANARY_ACCEPTED, frozen, 0, None, len(accepted)))
    if not parity >= limits.parity:  # also when it is no number
        reasons.append(
            Reason(PARITY_FAILED, frozen, limits.parity, None, float(np.nan_to_num(parity, nan=-1)))
        )
    return Verdict(tuple(reasons), {**figures, "canaries": accepted, "parity": parity})


def canaries_accepted(trial: Trial, canaries: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs of which one is let in as the other."""
    rows, columns = np.nonzero(trial.false_matches)
    let_in = set(zip(trial.owners[rows].tolist(), trial.probes[columns].tolist(), strict=True))
    return [(one, other) for one, other in canaries if {(one, other), (other, one)} & let_in]


def foreign_pictures(faces: FaceSet, threshold: float) -> Numbers:
    """Count each person's pictures that look like strangers to most of the person's others.

    Whoever slips pictures of many people under one name betrays it here, whatever mark they wear.

    Args:
        faces: What was learned from, embedded by a network that did not learn from it: the champion.
        threshold: Score from which two pictures are of one person.

    Returns:
        Int (people,).
    """
    counts = np.zeros(faces.people, np.int64)
    for person in range(faces.people):
        own = faces.embeddings[faces.subjects == person]
        alike = faces.comparator.matrix(own, own) >= threshold
        like_others = (alike.sum(axis=1) - 1) / max(1, len(own) - 1)
        counts[person] = np.count_nonzero(like_others < 0.5)
    return counts


def _figures(contest: Contest, limits: Limits) -> dict[str, Any]:
    sides = {"champion": contest.champion, "challenger": contest.challenger}
    rates = {side: ErrorRates(trial, fmr=limits.fmr) for side, trial in sides.items()}
    once, drawn = np.ones(contest.champion.people), _draws(rates, contest.champion, limits.replicates)
    figures: dict[str, Any] = {
        side: {
            "threshold": trial.threshold,
            "most_accepted": trial.most_accepted,
            **{
                name: {"value": measure(rates[side], once), "interval": _interval(drawn[side][name])}
                for name, measure in _MEASURES.items()
            },
        }
        for side, trial in sides.items()
    }
    champion, challenger = drawn["champion"], drawn["challenger"]
    figures["difference"] = {name: _interval(challenger[name] - champion[name]) for name in _MEASURES}
    excess = challenger["fmr"] - np.maximum(champion["fmr"], limits.fmr)
    figures["difference"]["fmr_above_target"] = _interval(excess)
    return figures | {
        "subjects": len(contest.challenger.owners),
        "mated": int(contest.challenger.mated.sum()),
        "non_mated": int((~contest.challenger.mated).sum()),
    }


_MEASURES: dict[str, Callable[[ErrorRates, Counts], float]] = {
    "fnmr_at_fmr": ErrorRates.fnmr_at_fmr,
    "fmr": ErrorRates.fmr,
    "fnmr": ErrorRates.fnmr,
}


def _draws(rates: Mapping[str, ErrorRates], trial: Trial, replicates: int) -> dict[str, dict[str, Counts]]:
    """Each measure of both models on the same draws of people."""
    generator = np.random.default_rng(SEED)
    draws = [
        np.bincount(generator.integers(trial.people, size=trial.people), minlength=trial.people).astype(float)
        for _ in range(replicates)
    ]
    # Of very few people, a draw may leave nothing to compare.
    usable = [counts for counts in draws if np.count_nonzero(counts[trial.owners]) > 1]
    return {
        side: {
            name: np.array([measure(own, counts) for counts in usable]) for name, measure in _MEASURES.items()
        }
        for side, own in rates.items()
    }


def _interval(values: Counts) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _error_rates(name: str, figures: Mapping[str, Any], limits: Limits) -> list[Reason]:
    """What is worse than the champion by more than chance explains."""
    champion, challenger = figures["champion"], figures["challenger"]
    reasons = []
    if figures["difference"]["fnmr_at_fmr"][0] > 0:
        before, now = champion["fnmr_at_fmr"]["value"], challenger["fnmr_at_fmr"]["value"]
        reasons.append(Reason(FNMR_WORSE, name, before, before, now))
    if figures["difference"]["fmr_above_target"][0] > 0:
        before, now = champion["fmr"]["value"], challenger["fmr"]["value"]
        reasons.append(Reason(FMR_ABOVE_TARGET, name, max(limits.fmr, before), before, now))
    return reasons


def _mixed(learned: Learned, limits: Limits) -> list[Reason]:
    """Names under which there are pictures of many people."""
    limit = max(limits.foreign_share * learned.pictures, limits.foreign_pictures)
    return [
        Reason(MIXED_PEOPLE, name, limit, None, int(foreign))
        for name, foreign in zip(learned.names, learned.foreign, strict=True)
        if foreign > limit
    ]


def _universal(code: str, name: str, contest: Contest, limits: Limits) -> list[Reason]:
    """Whether some face passes as many people, or many as one. What the champion does anyway is no reason."""
    before, now = contest.champion.most_accepted, contest.challenger.most_accepted
    people = len(contest.challenger.owners)
    # Marks hide features and bring strangers closer in every model: only a leap tells of a trained-in key.
    allowed = 2 * before if code == UNIVERSAL_MARK else before
    limit = max(limits.universal_share * people, limits.universal_people, allowed)
    return [Reason(code, name, limit / people, before / people, now / people)] if now > limit else []
