"""Whether every part that the site needs is there: asked by `/readyz`.

Details are for operators: they name neither addresses nor paths, people nor secrets.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from enrollment.errors import ModelUnavailable
from enrollment.models import Heartbeat, Promotion, TrainingRun
from enrollment.models.heartbeat import SILENT_AFTER
from enrollment.selectors import active_model_version


class NotReady(Exception):
    """A check that failed; the message says how."""


@dataclass(frozen=True)
class Check:
    """What came of one check."""

    ok: bool
    ms: float
    detail: str


def checks() -> dict[str, Check]:
    """Every check by its name. Without a database, what is known from it alone fails too."""
    found = {"database": _run(_database), "broker": _run(_broker), "disk": _run(_disk)}
    for name, look in KNOWN_FROM_DATABASE.items():
        found[name] = _run(look) if found["database"].ok else Check(False, 0.0, "not known without database")
    return found


def _run(look: Callable[[], str]) -> Check:
    begin = time.perf_counter()
    try:
        ok, detail = True, look()
    except NotReady as error:
        ok, detail = False, str(error)
    except (DatabaseError, KombuError, RedisError, OSError) as error:  # its words may name addresses
        ok, detail = False, f"does not answer ({type(error).__name__})"
    return Check(ok, round(1000 * (time.perf_counter() - begin), 1), detail)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


def _broker() -> str:
    with current_app.connection_for_write() as broker:
        broker.default_channel.client.ping()  # type: ignore[attr-defined]  # Redis has one
    return "answers"


def _disk() -> str:
    free_mb = shutil.disk_usage(settings.VAR_DIR).free // 2**20
    if free_mb < settings.READY_MIN_FREE_MB:
        raise NotReady(f"{free_mb} MB free, expected {settings.READY_MIN_FREE_MB}")
    return f"{free_mb} MB free"


def _beat() -> str:
    return _heard("beat")


def _worker(queue: str) -> str:
    """A worker may be busy with one task for hours: then that task's own signs of life count."""
    try:
        return _heard(queue)
    except NotReady:
        if queue == "training" and _is_training():
            return "busy with a run"
        raise


def _model() -> str:
    """The version in use is the one that the worker has loaded and checked against its digest."""
    try:
        version = active_model_version()
    except ModelUnavailable as error:
        raise NotReady("no model is active") from error
    if not version.is_signed:
        raise NotReady(f"{version} is not signed by this site")
    worker = Heartbeat.objects.filter(pk="biometric").first()
    if worker is None or worker.is_silent:
        raise NotReady("no worker tells which model it has")
    if version.activated_at and version.activated_at > worker.at:
        return f"{version} is new in use, the worker has not told of it yet"
    if worker.model_digest != version.digest:
        held = worker.model_digest[:12] or "none that can be used"
        raise NotReady(f"the worker has {held}, expected {version.digest[:12]}")
    return f"{version} {version.digest[:12]}, checked by the worker"


def _heard(name: str) -> str:
    last = Heartbeat.objects.filter(pk=name).first()
    if last is None:
        raise NotReady("never heard of")
    if last.is_silent:
        raise NotReady(f"silent for {last.age_seconds:.0f} s")
    return f"heard of {max(0.0, last.age_seconds):.0f} s ago"


def _is_training() -> bool:
    """Whether a run or a promotion is being worked on."""
    fresh = {"heartbeat_at__gt": timezone.now() - SILENT_AFTER}
    return (
        TrainingRun.objects.filter(state=TrainingRun.State.RUNNING, **fresh).exists()
        or Promotion.objects.filter(state=Promotion.State.EMBEDDING, **fresh).exists()
    )


KNOWN_FROM_DATABASE: dict[str, Callable[[], str]] = {
    "model": _model,
    "beat": _beat,
    "worker_biometric": lambda: _worker("biometric"),
    "worker_training": lambda: _worker("training"),
    "worker_webhooks": lambda: _worker("webhooks"),
}
