"""A training run from its row to its outcome. The only job that loads TensorFlow: `enrollment.jobs` does not import it.

The row is the truth: a message only says that there may be something to do. Whatever a killed worker had reached is in
its checkpoints, from which whoever takes the run up goes on.
"""

import errno
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from enrollment.errors import DomainError, TrainingFailed
from enrollment.jobs import training_data as data
from enrollment.jobs.artifacts import artifact_folder, artifact_store
from enrollment.jobs.training_judge import (
    Ground,
    challenger_calibrate,
    challenger_describe,
    challenger_judge,
    evaluation_parts,
)
from enrollment.jobs.training_reporter import Reporter, RunClosed
from enrollment.jobs.training_rows import (
    Outcome,
    leftovers_erase,
    run_claim,
    run_fail,
    run_finish,
    version_describe,
    version_promote_alone,
)
from enrollment.models import ModelVersion, TrainingRun
from enrollment.models.stored_artifact import artifact_erase
from enrollment.selectors import training_samples
from ml.errors import MLError, TrainingError
from ml.evaluation.gate import Verdict
from ml.serving.artifacts import MANIFEST, Artifact, rewrite_manifest
from ml.training.folder import People, split_names
from ml.training.runs import FEW, SHARES, SHARES_OF_FEW, TrainingRequest, has_begun, recipe, train
from ml.training.trainer import Progress

logger = logging.getLogger(__name__)

Phase = TrainingRun.Phase
MODEL, PEOPLE, EVALUATION = "model", "people", "evaluation"
# A site's few people bend a pretrained network less when they are told apart pairwise than when each becomes a class.
FINE_TUNING_LOSS = "batch_hard"


def training_run_execute(run_id: int) -> int | None:
    """Carries a run out, unless somebody else does or it is over. Answers the promotion that follows by itself."""
    run, claim = run_claim(run_id)
    leftovers_erase()
    if run is None or claim is None:
        return None
    folder = settings.TRAINING_DIR / str(run.pk)
    faces = folder / str(claim)  # a worker that was taken for dead erases its own faces only
    try:
        with Reporter(run, claim) as reporter:
            outcome = _Execution(run, faces, folder / MODEL, reporter).carry_out()
        if run_finish(run, claim, outcome):
            promotion = version_promote_alone(run)
            return None if promotion is None else promotion.pk
        if outcome.path:
            artifact_erase(outcome.path)
    except RunClosed:
        logger.info("%s was cancelled or taken over", run)
    except Exception as error:
        code, detail = _explained(error)
        run_fail(run, claim, code, detail)
        if code == "unexpected":
            raise
    finally:
        shutil.rmtree(faces, ignore_errors=True)
        leftovers_erase()
    return None


class _Execution:
    """The phases of one run, in order."""

    def __init__(self, run: TrainingRun, faces: Path, model: Path, reporter: Reporter) -> None:
        self._run, self._reporter = run, reporter
        self._faces, self._model = faces, model
        self._version = ModelVersion.objects.get(created_by_run=run)
        faces.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for earlier in faces.parent.iterdir():
            if earlier != model:
                shutil.rmtree(earlier, ignore_errors=True)

    def carry_out(self) -> Outcome:
        champion = Artifact.load(artifact_folder(self._champion()))
        evaluation, people = self._collect()
        shutil.rmtree(self._faces / EVALUATION)
        calibrates, frozen = evaluation_parts(evaluation, self._run.evaluation_set.canaries)
        if self._run.kind == TrainingRun.Kind.TRAIN:
            figures, held_out = self._train(champion, people)
        else:
            self._pictures_erase()
            figures, held_out = self._keep_weights(champion), None
            calibrates = _together(calibrates, people)
        self._reporter.enter(Phase.CALIBRATE)
        challenger = challenger_calibrate(
            self._model,
            calibrates,
            data=self._described(),
            tick=self._tick,
        )
        self._reporter.enter(Phase.JUDGE)
        learned = people if held_out is not None else None
        ground = Ground(frozen, held_out, learned, self._run.evaluation_set.canaries)
        verdict, drawings = challenger_judge(
            champion, challenger, ground, parity=_parity(challenger), tick=self._tick
        )
        other_half = f"the other half of the evaluation set {self._run.evaluation_set.name}"
        challenger = challenger_describe(challenger, verdict, data=other_half)
        return self._outcome(challenger, verdict, {"training": figures, "plots": drawings})

    def _champion(self) -> ModelVersion:
        if self._run.champion is None:
            raise TrainingFailed("The version to be judged against is gone.", code="champion_missing")
        return self._run.champion

    def _collect(self) -> tuple[People, People]:
        """The evaluation set, and whom to learn from or to calibrate on."""
        self._reporter.enter(Phase.EXPORT)
        chosen = training_samples() if self._run.uses_site else []
        version_describe(self._version, chosen, self._run.training_set)
        if self._run.training_set is not None:
            data.people_set_write(self._run.training_set, self._faces / PEOPLE)
        data.samples_write(chosen, self._faces / PEOPLE)
        data.people_set_write(self._run.evaluation_set, self._faces / EVALUATION)
        evaluation, people = (data.people_read(self._faces / name) for name in (EVALUATION, PEOPLE))
        if not data.share_no_faces(evaluation, people):
            raise TrainingFailed(
                "Some faces are both learned from and judged on: import other people.", code="sets_overlap"
            )
        self._reporter.log(f"{len(people.files)} faces of {len(people.names)} people")
        return evaluation, people

    def _train(self, champion: Artifact, people: People) -> tuple[dict[str, Any], People]:
        options = replace(recipe(self._run.network).options, epochs=self._run.epochs)
        from_champion = self._run.start == TrainingRun.Start.ACTIVE
        request = TrainingRequest(
            self._run.network,
            self._faces / PEOPLE,
            loss=FINE_TUNING_LOSS if from_champion and self._run.network == "mobilefacenet" else None,
            options=options,
            start=champion.directory if from_champion else None,
            name=self._version.name,
            mirrored=champion.mirrored and champion.network == self._run.network,
        )
        self._reporter.enter(Phase.TRAIN)
        try:
            report = train(request, self._model, resume=has_begun(self._model), progress=self._progress)
        except TrainingError as error:
            if not error.code.startswith("checkpoint_"):
                raise
            # Somebody's pictures were erased since the checkpoint: forget what was learned with them.
            self._reporter.log("The people changed: learning begins anew")
            shutil.rmtree(self._model, ignore_errors=True)
            report = train(request, self._model, progress=self._progress)
        shares = SHARES if len(people.names) >= FEW else SHARES_OF_FEW
        held_out = people.only(split_names(people.names, shares, seed=options.seed)[2])
        return report, held_out

    def _keep_weights(self, champion: Artifact) -> dict[str, Any]:
        shutil.rmtree(self._model, ignore_errors=True)
        self._model.mkdir()
        for name in (*champion.files, MANIFEST):
            shutil.copyfile(champion.directory / name, self._model / name)
        # What was measured of the champion is about its thresholds, not about those that come.
        rewrite_manifest(self._model, {"name": self._version.name, "report": {}})
        return {"network": champion.network, "kept": champion.name}

    def _outcome(self, challenger: Artifact, verdict: Verdict, more: dict[str, Any]) -> Outcome:
        evaluated = self._run.evaluation_set
        report = {
            "gate": verdict.to_json(),
            "judged": {"rule": settings.FACE_DECISION_RULE, "fmr": settings.FACE_TARGET_FMR},
            "champion": self._champion().name,
            "evaluation_set": {
                "name": evaluated.name,
                "digest": evaluated.digest,
                "subjects": evaluated.subjects,
                "images": evaluated.images,
            },
            **more,
        }
        self._reporter.enter(Phase.STORE)
        path = artifact_store(self._model) if verdict.passed else ""
        manifest = (challenger.directory / MANIFEST).read_text()
        return Outcome(challenger.digest, path, manifest, report, verdict.passed)

    def _described(self) -> str:
        part = f"one half of the evaluation set {self._run.evaluation_set.name}"
        return f"{part} and the people of this site" if self._run.kind != TrainingRun.Kind.TRAIN else part

    def _pictures_erase(self) -> None:
        """They are in memory by now: hours long nobody needs them as plain files."""
        shutil.rmtree(self._faces, ignore_errors=True)

    def _progress(self, progress: Progress) -> None:
        self._pictures_erase()
        phase = Phase.TRAIN if progress.phase == "train" else Phase.VALIDATE
        self._reporter.tell(
            phase=phase,
            epoch=progress.epoch,
            step=progress.step,
            steps=progress.steps,
            loss=progress.loss if phase == Phase.TRAIN else self._run.loss,
            validation_loss=progress.validation_loss,
            seconds_left=progress.seconds_left,
        )
        if phase == Phase.TRAIN:
            self._run.loss = progress.loss
        elif progress.step == progress.steps:
            self._note_epoch(progress)

    def _note_epoch(self, progress: Progress) -> None:
        known = [epoch for epoch in self._run.history if epoch["epoch"] < progress.epoch]
        epoch = {"epoch": progress.epoch, "loss": self._run.loss, "validation_loss": progress.loss}
        self._run.history = [*known, epoch]
        self._reporter.tell(history=self._run.history, validation_loss=progress.loss)
        self._reporter.log(
            f"Epoch {progress.epoch}: loss {self._run.loss:.4f}, validation {progress.loss:.4f}"
        )

    def _tick(self, step: int, steps: int) -> None:
        self._reporter.tell(step=step, steps=steps)


def _together(some: People, others: People) -> People:
    """All of them, as one set."""
    names = sorted([*some.names, *others.names])
    owners = [people.names[subject] for people in (some, others) for subject in people.subjects]
    order = np.argsort(owners, kind="stable")
    files = (*some.files, *others.files)
    return People(
        tuple(names),
        tuple(files[row] for row in order),
        np.concatenate([some.faces, others.faces])[order],
        np.searchsorted(names, np.array(owners)[order]).astype(np.int32),
    )


def _parity(artifact: Artifact) -> float:
    """The lowest cosine between the network and its served form, as the export measured it."""
    content = json.loads((artifact.directory / MANIFEST).read_text())
    return min((float(value) for value in content.get("parity", {}).values()), default=float("nan"))


def _explained(error: Exception) -> tuple[str, str]:
    """A stable code and words for the row; what is unforeseen keeps its details to the log."""
    if isinstance(error, DomainError):
        return error.code, error.detail
    if isinstance(error, MLError):
        return error.code, str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk_full", "There is no space left for the training."
    if isinstance(error, MemoryError):
        return "out_of_memory", "There is not enough memory for the training."
    return "unexpected", f"{type(error).__name__}; see the log of the training worker."
