"""What a worker writes into the rows of a run, each in one transaction, and only while the run is its own."""

import hashlib
import json
import logging
import shutil
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from enrollment.errors import PromotionRefused
from enrollment.jobs.training_mail import run_mail
from enrollment.models import ModelVersion, PeopleSet, Promotion, TrainingRun
from enrollment.policy import promotes_itself
from enrollment.selectors import TrainingSample, active_model_version

logger = logging.getLogger(__name__)

ML = settings.BASE_DIR / "ml"
REQUEUE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    digest: str
    path: str
    manifest: str
    report: dict[str, Any]
    passed: bool


@transaction.atomic
def run_claim(run_id: int) -> tuple[TrainingRun | None, UUID | None]:
    """Takes a run up, unless it is over or a living worker has it. One that killed its workers too often fails."""
    run = TrainingRun.objects.select_for_update().filter(pk=run_id, state__in=TrainingRun.OPEN).first()
    if run is None or (run.state == TrainingRun.State.RUNNING and not _is_stale(run)):
        return None, None
    if run.tries >= settings.RETRAINING_MAX_TRIES:
        _fail(run, "worker_lost", f"The worker was lost {run.tries} times.")
        return None, None
    if run.tries:
        run.note_down("The worker was lost: another one goes on")
    claim = run.claim()
    run.save()
    version = ModelVersion.objects.filter(created_by_run=run, state=ModelVersion.State.DRAFT).first()
    if version is not None:
        version.begin()
        version.save(update_fields=["state"])
    run.audit("started")
    return run, claim


@transaction.atomic
def run_finish(run: TrainingRun, claim: UUID, outcome: Outcome) -> bool:
    """Closes a run with its verdict, and makes its version a candidate or a refused one. False if it is closed."""
    current = _mine(run, claim)
    if current is None:
        return False
    current.finish(passed=outcome.passed)
    current.note_down("The gate let it pass" if outcome.passed else "The gate refused it")
    current.save()
    version = ModelVersion.objects.select_for_update().get(created_by_run=current)
    version.judged(passed=outcome.passed)
    version.digest, version.path, version.report = outcome.digest, outcome.path, outcome.report
    version.manifest = json.loads(outcome.manifest)
    if current.champion is not None:
        rule, fmr = settings.FACE_DECISION_RULE, settings.FACE_TARGET_FMR
        version.report["looser_threshold"] = version.is_looser_than(current.champion, rule=rule, fmr=fmr)
    version.sign()
    version.save()
    current.audit(current.state)
    transaction.on_commit(lambda: run_mail(current), robust=True)
    return True


def version_promote_alone(run: TrainingRun) -> Promotion | None:
    """Begins the promotion of a run's version if the site's policy lets it, and nothing changed since the request."""
    version, active = ModelVersion.objects.get(created_by_run=run), active_model_version()
    if (
        version.state != ModelVersion.State.CANDIDATE
        or active.pk != run.champion_id
        or not promotes_itself(mode=settings.RETRAINING_PROMOTE, looser=version.is_looser)
    ):
        return None
    try:
        return Promotion.begin(version, actor=None)
    except PromotionRefused as error:
        logger.warning("%s waits for a hand: %s", version, error.code)
        return None


@transaction.atomic
def run_fail(run: TrainingRun, claim: UUID, code: str, detail: str) -> None:
    """Closes a run without a version."""
    current = _mine(run, claim)
    if current is not None:
        logger.warning("%s failed: %s %s", current, code, detail)
        _fail(current, code, detail)


def version_describe(
    version: ModelVersion, samples: list[TrainingSample], training_set: PeopleSet | None
) -> None:
    """Notes whom a version learns from, before it does: erasing a person can name the models that saw them."""
    subjects: dict[str, list[str]] = {}
    for sample in samples:
        subjects.setdefault(str(sample.subject_id), []).append(str(sample.sample_id))
    known: dict[str, list[str]] = version.lineage.get("subjects", {})
    seen = {
        subject: sorted({*known.get(subject, []), *subjects.get(subject, [])})
        for subject in {*known, *subjects}
    }
    version.lineage |= {
        "subjects": seen,
        "training_set": training_set and {"name": training_set.name, "digest": training_set.digest},
        "code_version": code_version(),
    }
    version.save(update_fields=["lineage"])


def training_runs_claim_lost() -> list[int]:
    """Ids of runs whose message or worker got lost, each claimed for one more message."""
    now = timezone.now()
    lost = [
        run.pk
        for run in TrainingRun.objects.filter(
            state__in=TrainingRun.OPEN, queued_at__lt=now - min(REQUEUE_AFTER, _stale_after())
        )
        if run.state == TrainingRun.State.REQUESTED or _is_stale(run)
    ]
    TrainingRun.objects.filter(pk__in=lost).update(queued_at=now)
    return lost


def leftovers_erase() -> None:
    """Removes this machine's folders of runs that are over: what a killed worker left behind."""
    if not settings.TRAINING_DIR.is_dir():
        return
    running = {
        str(pk) for pk in TrainingRun.objects.filter(state__in=TrainingRun.OPEN).values_list("pk", flat=True)
    }
    for folder in settings.TRAINING_DIR.iterdir():
        if folder.name not in running:
            shutil.rmtree(folder, ignore_errors=True)


@lru_cache
def code_version() -> str:
    """SHA-256 of the learning code's sources: the same on every machine that runs this release."""
    digest = hashlib.sha256()
    for path in sorted(ML.rglob("*.py")):
        digest.update(path.relative_to(ML).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _stale_after() -> timedelta:
    return timedelta(seconds=settings.RETRAINING_STALE_SECONDS)


def _is_stale(run: TrainingRun) -> bool:
    return run.heartbeat_at is None or run.heartbeat_at < timezone.now() - _stale_after()


def _mine(run: TrainingRun, claim: UUID) -> TrainingRun | None:
    return (
        TrainingRun.objects.select_for_update()
        .filter(pk=run.pk, claimed_as=claim, state=TrainingRun.State.RUNNING)
        .first()
    )


def _fail(run: TrainingRun, code: str, detail: str) -> None:
    run.fail(code, detail)
    run.note_down(f"Failed: {code} {detail}")
    run.save()
    run.audit(run.state)
    ModelVersion.objects.filter(created_by_run=run).delete()
    transaction.on_commit(lambda: run_mail(run), robust=True)
