"""Asking for a training run, and calling it off."""

import logging

from django.conf import settings
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from enrollment.errors import TrainingRefused
from enrollment.models import ModelVersion, PeopleSet, TrainingRun, User
from enrollment.policy import MOST_EPOCHS, MOST_NOTE_CHARACTERS, USUAL_EPOCHS, people_needed
from enrollment.selectors import (
    active_model_version,
    newest_people_set,
    open_training_run,
    training_samples,
)
from enrollment.tasks import training_run_execute

logger = logging.getLogger(__name__)

MIN_CALIBRATION_SUBJECTS = 10


def training_run_request(
    *,
    actor: User | None,
    kind: str = TrainingRun.Kind.TRAIN,
    network: str | None = None,
    start: str = TrainingRun.Start.ACTIVE,
    epochs: int | None = None,
    uses_site: bool = True,
    training_set: PeopleSet | None = None,
    note: str = "",
) -> TrainingRun:
    """Queues a run, for the active version's network if none is named.

    Raises TrainingRefused: `training_open`, `no_evaluation_set`, `evaluation_set_too_small`, `other_network`,
    `unknown_network`, `no_data`, `too_few_subjects` or `invalid`.
    """
    champion = active_model_version()
    network = network or champion.network
    run = TrainingRun(
        kind=kind,
        network=network,
        start=start,
        epochs=USUAL_EPOCHS.get(network, 1) if epochs is None else epochs,
        uses_site=uses_site,
        training_set=training_set,
        evaluation_set=_evaluation_set(),
        champion=champion,
        note=note,
        requested_by=actor,
    )
    _check_limits(run)
    _check_network(run, champion)
    _check_data(run)
    try:
        _store(run)
    except OperationalError:
        logger.warning("queue unreachable: %s waits in the database", run)
    return run


@transaction.atomic
def training_run_cancel(run: TrainingRun, *, actor: User | None) -> TrainingRun:
    """Calls a run off; a worker that has it notices within seconds. Raises IllegalTransition once it is over."""
    current = TrainingRun.objects.select_for_update().get(pk=run.pk)
    current.cancel()
    # Who it was is for the audit log alone: the run's log is read by whoever may see runs.
    current.note_down("Cancelled by a member of staff" if actor else "Cancelled by the site")
    current.save()
    current.audit("cancelled", actor=actor)
    ModelVersion.objects.filter(created_by_run=current).delete()
    return current


@transaction.atomic
def _store(run: TrainingRun) -> None:
    ModelVersion.objects.select_for_update().filter(state=ModelVersion.State.ACTIVE).first()
    if open_training_run() is not None:
        raise TrainingRefused("A training run is open already.", code="training_open")
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:
        if open_training_run() is None:
            raise
        # Somebody was quicker by a hair.
        raise TrainingRefused("A training run is open already.", code="training_open") from error
    ModelVersion.objects.create(
        name=f"{run.network}-run-{run.pk}",
        network=run.network,
        state=ModelVersion.State.DRAFT,
        created_by_run=run,
        lineage={"base_version": str(run.champion) if run.start == run.Start.ACTIVE else None},
    )
    run.audit("requested", actor=run.requested_by)
    training_run_execute.delay_on_commit(run.pk)  # type: ignore[attr-defined]


def _evaluation_set() -> PeopleSet:
    evaluation = newest_people_set(PeopleSet.Purpose.EVALUATION)
    if evaluation is None:
        raise TrainingRefused(
            "There is nobody to judge a model on: import an evaluation set first (import_evaluation_set).",
            code="no_evaluation_set",
        )
    needed = people_needed(
        fmr=settings.FACE_TARGET_FMR, images_a_person=evaluation.images / max(1, evaluation.subjects)
    )
    if evaluation.subjects < needed:
        raise TrainingRefused(
            f"The evaluation set has {evaluation.subjects} people; thresholds at a false match rate of "
            f"{settings.FACE_TARGET_FMR:g} take {needed}.",
            code="evaluation_set_too_small",
        )
    return evaluation


def _check_limits(run: TrainingRun) -> None:
    if not 1 <= run.epochs <= MOST_EPOCHS:
        raise TrainingRefused(f"Expected 1 to {MOST_EPOCHS} epochs, got {run.epochs}.", code="invalid")
    if len(run.note) > MOST_NOTE_CHARACTERS:
        raise TrainingRefused(f"A note has at most {MOST_NOTE_CHARACTERS} characters.", code="invalid")


def _check_network(run: TrainingRun, champion: ModelVersion) -> None:
    if run.network not in USUAL_EPOCHS:
        raise TrainingRefused(
            f"The network {run.network} is none of {sorted(USUAL_EPOCHS)}.", code="unknown_network"
        )
    keeps_weights = run.kind == run.Kind.CALIBRATE_ONLY or run.start == run.Start.ACTIVE
    if keeps_weights and run.network != champion.network:
        raise TrainingRefused(
            f"The active version is a {champion.network}: a {run.network} can only be trained from scratch.",
            code="other_network",
        )


def _check_data(run: TrainingRun) -> None:
    if run.kind == run.Kind.CALIBRATE_ONLY:
        run.uses_site, run.training_set = True, None
    if not run.uses_site and run.training_set is None:
        raise TrainingRefused("Choose people to learn from: of this site, imported, or both.", code="no_data")
    own = len({sample.subject_id for sample in training_samples()}) if run.uses_site else 0
    people = own + (run.training_set.subjects if run.training_set else 0)
    if run.kind == run.Kind.CALIBRATE_ONLY and people < MIN_CALIBRATION_SUBJECTS:
        raise TrainingRefused(
            f"{people} people of this site may be used; calibration takes {MIN_CALIBRATION_SUBJECTS}.",
            code="too_few_subjects",
        )
    if run.kind == run.Kind.TRAIN and people < settings.RETRAINING_MIN_SUBJECTS:
        raise TrainingRefused(
            f"{people} people may be learned from; training takes {settings.RETRAINING_MIN_SUBJECTS}. "
            "A run that only calibrates keeps the weights and takes fewer.",
            code="too_few_subjects",
        )
