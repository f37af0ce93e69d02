"""What lies in the storage of models. A training stores an artifact before its version names it."""

import shutil

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction

from enrollment.models.model_version import ModelVersion
from enrollment.models.training_run import TrainingRun


@transaction.atomic
def artifact_erase(digest: str) -> bool:
    """Removes a stored artifact and this machine's copy, unless a version names it, or a training may be about to."""
    ModelVersion.take_turns()
    is_running = TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).exists()
    if is_running or ModelVersion.objects.filter(path=digest).exists():
        return False
    storage = storages["models"]
    _, names = storage.listdir(digest) if storage.exists(digest) else ([], [])
    for name in names:
        storage.delete(f"{digest}/{name}")
    storage.delete(digest)  # the folder, where the storage has some
    shutil.rmtree(settings.MODEL_CACHE / digest, ignore_errors=True)
    return True
