"""From a folder of people to a trained, measured and exported network, in one call.

    train(TrainingRequest("contrastive48", Path("people")), Path("model"))

The people are divided into three parts that share nobody: most are learned from; some decide when to stop and where
the thresholds lie; the rest are met once, at the end, for the figures in `report.json`. What cannot be trained on or
calibrated is refused before the first step.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.errors import DatasetError, TrainingError
from ml.evaluation.model_card import model_card
from ml.serving.artifacts import (
    CARD,
    COMPARATOR_FILE,
    KERAS_FILE,
    LITE_FILE,
    MANIFEST,
    Artifact,
    write_manifest,
)
from ml.siamese.comparators import Comparator, WeightedL1Comparator, comparator
from ml.siamese.layers import SameProbability
from ml.siamese.networks import NETWORKS, NetworkSpec
from ml.training import export, reports
from ml.training.augmentation import Augmentation
from ml.training.checkpoints import Checkpoints
from ml.training.curves import plot_losses
from ml.training.folder import People, read_people, split_names
from ml.training.history import History
from ml.training.objectives import DISTILLATION, OBJECTIVES, Objective, Teacher, objective
from ml.training.pairs import framed
from ml.training.trainer import Progress, Trainer, TrainingOptions

# To learn from, to stop and calibrate on, to measure on. Of few people more are held out, or nothing can be measured.
SHARES, SHARES_OF_FEW, FEW = (0.8, 0.1, 0.1), (0.6, 0.2, 0.2), 1000
STATE = "state"
_PARTS = ("train", "validation", "test")
_LEAST_PARITY = 0.999


# Half of the faces stay as they are, so that the network stays what it was; the others are mostly covered or coarse.
SEEN_THROUGH = Augmentation(
    shift_px=1.5,
    rotation_degrees=3.0,
    shear_degrees=1.5,
    scale=0.04,
    brightness=0.08,
    contrast=0.2,
    cut_border=0.2,
    low_resolution=0.3,
    sunglasses=0.6,
    untouched=0.5,
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What suits a network.

    Attributes:
        losses: Those it can learn by, the usual one first. All but binary cross-entropy, whose comparator is learned
            beside the network, need embeddings of unit length; distillation needs an artifact to start from.
        options: How to train.
    """

    losses: tuple[str, ...]
    options: TrainingOptions

    def options_for(self, loss: str | None) -> TrainingOptions:
        """How to train by a loss; the usual one if not given."""
        if loss == DISTILLATION:
            return replace(self.options, augmentation=SEEN_THROUGH, epochs=2, learning_rate=6e-5)
        return self.options


def _usual(loss: str) -> tuple[str, ...]:
    return (loss, *(other for other in (*OBJECTIVES, DISTILLATION) if other != loss))


RECIPES = {
    "contrastive48": Recipe(_usual("contrastive"), TrainingOptions(epochs=40, learning_rate=1e-3)),
    "koch4096": Recipe(("binary_crossentropy",), TrainingOptions(epochs=40, batch=32, learning_rate=1e-4)),
    "mobilefacenet": Recipe(_usual("angular_margin"), TrainingOptions(learning_rate=1e-4)),
}


def recipe(network: str) -> Recipe:
    """Return a network's recipe.

    Raises:
        TrainingError: `unknown_network`.
    """
    if network not in RECIPES:
        raise TrainingError("unknown_network", f"expected one of {sorted(RECIPES)}, got {network!r}")
    return RECIPES[network]


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What is to be trained, on what.

    Attributes:
        network: A key of `RECIPES`.
        data: Folder of people; see `ml.training.folder.read_people`.
        loss: One of the recipe's; the usual one if not given.
        options: The recipe's if not given.
        limit_subjects: How many people to draw from `data`; all if not given.
        start: An artifact of the same network whose weights to start from; chance decides if not given.
        blend: The share of what was learned in the final weights, in (0, 1]; the rest is of `start`. Between a
            network and its fine-tuned self lie networks that keep most of both (Wortsman et al., 2022).
        name: What the artifact is called; as its folder if not given.
        mirrored: Whether its embeddings are of a face and its mirror image; as those of `start` if not given.
    """

    network: str
    data: Path
    loss: str | None = None
    options: TrainingOptions | None = None
    limit_subjects: int | None = None
    start: Path | None = None
    blend: float = 1.0
    name: str | None = None
    mirrored: bool | None = None


def train(
    request: TrainingRequest,
    out: Path,
    *,
    resume: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> dict[str, Any]:
    """Train a network and write it as an artifact, with its curves, its history, its figures and its card.

    To resume a training with no more epochs than are done exports the best of them.

    Args:
        request: What to train.
        out: Where everything goes, a folder without a training in it; its folder `state` is what `resume` continues.
        resume: Go on after the last whole epoch.
        progress: Called after every step.

    Returns:
        The report, as in `report.json`.

    Raises:
        ArtifactError: If the artifact to start from cannot be used.
        DatasetError: If the folder cannot be trained on, or has too few people to set a threshold on.
        TrainingError: See its codes.
    """
    if not resume:
        _check_free(out)
    suits = recipe(request.network)
    options, spec = request.options or suits.options_for(request.loss), NETWORKS[request.network]
    loss = _loss(request, suits)
    start, started_mirrored = _start(request, spec)
    mirrored = started_mirrored if request.mirrored is None else request.mirrored
    parts = learned, held_out, test = _parts(request, seed=options.seed)
    strives = objective(
        loss, people=len(learned.names), teacher=_teacher(start, spec, mirrored=started_mirrored)
    )
    trainer = Trainer(spec, strives, options, start=start)
    history = trainer.fit(learned, held_out, out / STATE, resume=resume, progress=progress)
    history.test_loss = trainer.held_out_loss(test)
    network, compares = _blended(trainer.finished(), start, request.blend), _comparator(spec, strives, out)
    report = {
        "name": request.name or out.resolve().name,
        "network": spec.name,
        "loss": loss,
        "options": asdict(options),
        "blend": request.blend,
        "subjects": dict(zip(_PARTS, (len(part.names) for part in parts), strict=True)),
        "history": history.to_json(),
        "comparator": compares.name,
        "parity": _export(network, history, held_out, spec, out),
        "mirrored": mirrored,
        "test": _figures(network, test, spec, compares, mirrored=mirrored, seed=options.seed),
    }
    _write_artifact(network, held_out, spec, compares, report, out)
    return report


def has_begun(out: Path) -> bool:
    """Whether a folder holds a training that can be resumed."""
    return Checkpoints(out / STATE, {}).begun


def _check_free(out: Path) -> None:
    """Keep a training that took hours from being written over."""
    if has_begun(out) or (out / MANIFEST).exists():
        raise TrainingError(
            "training_exists",
            f"expected a folder without a training, found one in {out}: resume it, or choose another folder",
        )


def _parts(request: TrainingRequest, *, seed: int) -> list[People]:
    """Whom to learn from, to stop and calibrate on, and to measure on."""
    people = read_people(request.data, limit=request.limit_subjects, seed=seed)
    shares = SHARES if len(people.names) >= FEW else SHARES_OF_FEW
    parts = [people.only(names) for names in split_names(people.names, shares, seed=seed)]
    for part in parts:
        if np.bincount(part.sources).max() < 2:
            raise DatasetError("dataset_too_small", "expected 2 people of one source in each part")
    reports.require_calibratable(parts[1])
    return parts


def _loss(request: TrainingRequest, suits: Recipe) -> str:
    loss = request.loss or suits.losses[0]
    if loss not in suits.losses:
        raise TrainingError(
            "unknown_loss", f"expected one of {suits.losses} for {request.network}, got {loss!r}"
        )
    return loss


def _start(request: TrainingRequest, spec: NetworkSpec) -> tuple[keras.Model | None, bool]:
    """The network to start from, if any, and whether its embeddings are of a face and its mirror image."""
    if not 0 < request.blend <= 1 or (request.blend < 1 and request.start is None):
        raise TrainingError("invalid_blend", f"expected a share of a start, in (0, 1], got {request.blend}")
    if request.start is None:
        return None, False
    artifact = Artifact.load(request.start)
    if artifact.network != spec.name:
        raise TrainingError(
            "unknown_network", f"expected a {spec.name} in {request.start}, got {artifact.network}"
        )
    path = request.start / KERAS_FILE
    return keras.saving.load_model(path, compile=False, safe_mode=True), artifact.mirrored


def _teacher(start: keras.Model | None, spec: NetworkSpec, *, mirrored: bool) -> Teacher | None:
    if start is None:
        return None
    return lambda people: reports.embed(start, people, spec.input_spec, mirrored=mirrored)


def _blended(learned: keras.Model, start: keras.Model | None, share: float) -> keras.Model:
    if start is not None and share < 1:
        both = zip(start.get_weights(), learned.get_weights(), strict=True)
        learned.set_weights([(1 - share) * old + share * new for old, new in both])
    return learned


def _export(network: keras.Model, history: History, people: People, spec: NetworkSpec, out: Path) -> float:
    """Write both forms, and return the lowest cosine between their embeddings."""
    export.save_keras(network, out / KERAS_FILE)
    lite = export.to_tflite(network)
    faces = spec.input_spec.prepare(framed(people, people.starts[:16], spec.input_spec))
    parity = export.parity(network, lite, faces)
    export.check_parity(parity, at_least=_LEAST_PARITY)
    (out / LITE_FILE).write_bytes(lite)
    (out / "history.json").write_text(json.dumps(history.to_json(), indent=2) + "\n")
    plot_losses(history, out / "curves.png", title=spec.name)
    return round(parity, 6)


def _comparator(spec: NetworkSpec, strives: Objective, out: Path) -> Comparator:
    """The comparator that was learned, else the network's own, else the distance."""
    if isinstance(strives.head, SameProbability):
        learned = WeightedL1Comparator(strives.head.kernel.numpy()[:, 0], strives.head.bias.numpy()[0])
        learned.save(out / COMPARATOR_FILE)
        return learned
    return comparator("euclidean" if spec.comparator == WeightedL1Comparator.name else spec.comparator)


def _figures(
    network: keras.Model,
    people: People,
    spec: NetworkSpec,
    compares: Comparator,
    *,
    mirrored: bool,
    seed: int,
) -> dict[str, Any]:
    embeddings = reports.embed(network, people, spec.input_spec, mirrored=mirrored)
    return reports.pair_figures(people, embeddings, compares, seed=seed)


def _write_artifact(
    network: keras.Model,
    people: People,
    spec: NetworkSpec,
    compares: Comparator,
    report: dict[str, Any],
    out: Path,
) -> None:
    embeddings = reports.embed(network, people, spec.input_spec, mirrored=report["mirrored"])
    content = {
        "name": report["name"],
        "network": spec.name,
        "input_spec": spec.input_spec,
        "embedding_size": spec.embedding_size,
        "mirrored": report["mirrored"],
        "comparator": compares.name,
        "parity": {"float16": report["parity"]},
        "training": {name: report[name] for name in ("loss", "options", "blend", "subjects")},
        "calibration": reports.calibrate(people, embeddings, compares),
        "report": {"test": report["test"]},
    }
    write_manifest(out, content)
    (out / CARD).write_text(model_card(out))
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
