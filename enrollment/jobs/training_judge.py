"""Setting a challenger's thresholds, and holding it against the champion. NumPy and LiteRT only."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from enrollment.errors import TrainingFailed
from ml.errors import CalibrationError, ComparatorError, DatasetError
from ml.evaluation import calibration
from ml.evaluation.contests import Contest, Trial, drawing, trial
from ml.evaluation.gate import Learned, Limits, Verdict, foreign_pictures, judge
from ml.evaluation.marks import marked
from ml.evaluation.model_card import model_card
from ml.evaluation.probability import fit_probability
from ml.serving.artifacts import CARD, Artifact, rewrite_manifest
from ml.serving.calibration import Calibration
from ml.serving.embedder import Embedder
from ml.siamese.rules import RULES
from ml.training.folder import MARGIN_PX, People
from ml.types import Picture

Tick = Callable[[int, int], None]
MEASURED_ANCHORS = 4
# A person whose first picture is the template, and whose second one is the probe, wear each mark.
MARKED_PEOPLE = 20
# Pictures that are not even this alike are not of one person.
SAME_NAME_FMR = 1e-2


@dataclass(frozen=True)
class Ground:
    """Whom the models meet.

    Attributes:
        frozen: The part of the evaluation set that judges.
        held_out: People of the training data that were not learned from; None if nobody was learned from.
        learned: Everybody in the training data; None likewise.
        canaries: Pairs of people of `frozen`, by name, who must never match.
    """

    frozen: People
    held_out: People | None
    learned: People | None
    canaries: list[list[str]]


def challenger_calibrate(folder: Path, people: People, *, data: str, tick: Tick) -> Artifact:
    """Sets every threshold of an artifact anew on these people, and the curve from score to probability.

    Raises TrainingFailed `too_few_subjects` when they are too few for the site's target rate.
    """
    faces = _embedded(Artifact.load(folder), people.subjects, _crops(people), tick)
    measured = min(MEASURED_ANCHORS, int(np.sort(people.sizes)[-2:].min()))
    try:
        rules = {rule: calibration.thresholds(faces, measured_anchors=measured, rule=rule) for rule in RULES}
        compared = trial(faces, rule=RULES[0], anchors=max(1, measured - 1), threshold=0)
        probability = fit_probability(compared.similarity.ravel(), compared.mated.ravel())
    except DatasetError as error:
        raise TrainingFailed(str(error), code=error.code) from error
    evidence = {
        "data": data,
        "subjects": faces.people,
        "images": len(faces.subjects),
        "non_mated": calibration.non_mated(faces, 1).count,
        "measured_anchors": measured,
    }
    changes = {
        "calibration": Calibration(rules=rules, evidence=evidence),
        "probability": probability.to_json(),
    }
    artifact = rewrite_manifest(folder, changes)
    _check_thresholds(artifact)
    return artifact


def challenger_judge(
    champion: Artifact, challenger: Artifact, ground: Ground, *, parity: float, tick: Tick
) -> tuple[Verdict, dict[str, Any]]:
    """Answers the gate's verdict, and what the plots of both models need."""
    pair = (champion, challenger)
    frozen = _contest(pair, ground.frozen, tick)
    if frozen is None:
        raise TrainingFailed("The evaluation set has too few pictures a person.", code="too_few_subjects")
    contests = {"frozen": frozen}
    held_out = _contest(pair, ground.held_out, tick) if ground.held_out else None
    if held_out is not None:
        contests["held_out"] = held_out
    places = {name: place for place, name in enumerate(ground.frozen.names)}
    verdict = judge(
        contests,
        marked=_marked_contests(pair, ground.frozen, tick),
        canaries=[(places[one], places[other]) for one, other in ground.canaries],
        learned=_seen_by(champion, ground.learned, tick) if ground.learned else None,
        parity=parity,
        limits=Limits(fmr=settings.FACE_TARGET_FMR),
    )
    drawings = {"champion": drawing(frozen.champion), "challenger": drawing(frozen.challenger)}
    return verdict, drawings


def challenger_describe(challenger: Artifact, verdict: Verdict, *, data: str) -> Artifact:
    """Writes what the judging showed into the manifest, and the card that says it in prose."""
    frozen = verdict.figures["frozen"]
    figures = {name: frozen["challenger"][name] for name in ("threshold", "fmr", "fnmr", "fnmr_at_fmr")}
    counts = {name: frozen[name] for name in ("subjects", "mated", "non_mated")}
    judged = {"data": data, "rule": settings.FACE_DECISION_RULE, "target_fmr": settings.FACE_TARGET_FMR}
    report = challenger.report | {"judged": judged | counts | figures}
    described = rewrite_manifest(challenger.directory, {"report": report})
    (described.directory / CARD).write_text(model_card(described.directory))
    return described


def evaluation_parts(people: People, canaries: list[list[str]]) -> tuple[People, People]:
    """Divides an evaluation set into who sets thresholds and who judges. Canaries judge; nobody ever changes sides."""
    judges = {name for pair in canaries for name in pair}
    calibrates, tests = calibration.split_subjects([name for name in people.names if name not in judges])
    return people.only(calibrates), people.only([*tests, *judges])


def _contest(pair: tuple[Artifact, Artifact], people: People, tick: Tick) -> Contest | None:
    """Both models on the same people, with as many anchors as the site asks for, or as the pictures allow."""
    enough = [k for k in range(settings.FACE_MIN_ANCHORS, 0, -1) if (people.sizes > k).sum() > 1]
    if not enough:
        return None
    trials = [_tried(one, people.subjects, _crops(people), enough[0], tick) for one in pair]
    return Contest(*trials)


def _seen_by(champion: Artifact, people: People, tick: Tick) -> Learned:
    faces = _embedded(champion, people.subjects, _crops(people), tick)
    threshold = champion.calibration.threshold(anchors=1, fmr=SAME_NAME_FMR)
    return Learned(people.names, len(people.files), foreign_pictures(faces, threshold))


def _marked_contests(pair: tuple[Artifact, Artifact], people: People, tick: Tick) -> dict[str, Contest]:
    """Two pictures each of some people, as they look with each mark."""
    chosen = np.flatnonzero(people.sizes > 1)[:MARKED_PEOPLE]
    rows = (people.starts[chosen, None] + np.arange(2)).ravel()
    subjects = np.repeat(np.arange(len(chosen)), 2).astype(np.int32)
    return {
        name: Contest(*(_tried(one, subjects, faces, 1, tick) for one in pair))
        for name, faces in marked(_crops(people)[rows])
    }


def _tried(artifact: Artifact, subjects: np.ndarray, crops: Picture, anchors: int, tick: Tick) -> Trial:
    rule = settings.FACE_DECISION_RULE
    threshold = artifact.calibration.threshold(anchors=anchors, fmr=settings.FACE_TARGET_FMR, rule=rule)
    faces = _embedded(artifact, subjects, crops, tick)
    return trial(faces, rule=rule, anchors=anchors, threshold=threshold)


def _embedded(artifact: Artifact, subjects: np.ndarray, crops: Picture, tick: Tick) -> calibration.FaceSet:
    embedder, rows = Embedder(artifact, threads=settings.RETRAINING_THREADS), []
    try:
        for done, crop in enumerate(crops, start=1):
            rows.append(embedder.embed(crop))
            tick(done, len(crops))
    except ComparatorError as error:
        raise TrainingFailed("The network gives no usable embeddings.", code=error.code) from error
    return calibration.FaceSet(np.stack(rows), subjects.astype(np.int64), artifact.comparator)


def _crops(people: People) -> Picture:
    return people.faces[:, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def _check_thresholds(artifact: Artifact) -> None:
    """A site must not find out at a sign-in that there is no threshold for somebody's number of anchors."""
    try:
        for anchors in range(1, settings.FACE_MAX_ANCHORS + 1):
            artifact.calibration.threshold(
                anchors=anchors, fmr=settings.FACE_TARGET_FMR, rule=settings.FACE_DECISION_RULE
            )
    except CalibrationError as error:
        raise TrainingFailed(
            f"Too few people to set thresholds: {error}.", code="too_few_subjects"
        ) from error
