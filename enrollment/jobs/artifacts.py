"""Where the artifact of a model version lies: stored once for the whole site, fetched once by each machine."""

import errno
import logging
import os
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from enrollment.errors import ModelUnavailable, TrainingFailed
from enrollment.models import ModelVersion
from ml.serving.artifacts import CARD, MANIFEST, Artifact

logger = logging.getLogger(__name__)


def artifact_folder(version: ModelVersion) -> Path:
    """A folder of this machine with the version's artifact; loading checks it against its digest.

    Raises ModelUnavailable when this site did not sign the digest, or the storage does not have the artifact.
    """
    if not version.is_signed:
        logger.error("model %s refused: its digest is not signed by this site", version)
        raise ModelUnavailable
    if os.path.isabs(version.path):
        return Path(version.path)
    folder = settings.MODEL_CACHE / version.digest
    if not folder.exists():
        try:
            _fetch(version, folder)
        except OSError as error:
            logger.error("model %s cannot be fetched: %s", version, error)
            raise ModelUnavailable from error
    return folder


def artifact_store(folder: Path) -> str:
    """Puts an artifact into the storage of models and answers its path there. Nothing knows of it until a row does.

    Raises TrainingFailed `disk_full`, and leaves nothing behind.
    """
    artifact = Artifact.load(folder)
    targets = {name: f"{artifact.digest}/{name}" for name in (*artifact.files, MANIFEST, CARD)}
    try:
        for name, target in targets.items():
            _store(target, (folder / name).read_bytes())
    except OSError as error:
        for target in targets.values():
            storages["models"].delete(target)
        code = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "storage_failed"
        raise TrainingFailed(f"The model could not be stored: {error.strerror}.", code=code) from error
    return artifact.digest


def artifact_erase(version: ModelVersion) -> None:
    """Removes a stored artifact and this machine's copy. Folders that were registered by hand stay."""
    if not version.path or os.path.isabs(version.path):
        return
    storage = storages["models"]
    _, names = storage.listdir(version.path) if storage.exists(version.path) else ([], [])
    for name in names:
        storage.delete(f"{version.path}/{name}")
    shutil.rmtree(settings.MODEL_CACHE / version.digest, ignore_errors=True)


def _fetch(version: ModelVersion, folder: Path) -> None:
    """Copies the artifact beside its place and moves it there in one step: no half copy is ever seen."""
    storage = storages["models"]
    _, names = storage.listdir(version.path)
    if MANIFEST not in names:
        raise FileNotFoundError(f"expected {MANIFEST} in {version.path} of the storage")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
        whole = Path(aside) / "artifact"
        whole.mkdir()
        for name in names:
            with storage.open(f"{version.path}/{name}") as file:
                (whole / name).write_bytes(file.read())
        try:
            whole.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker
                raise


def _store(target: str, content: bytes) -> None:
    storage = storages["models"]
    storage.delete(target)  # of an earlier try
    storage.save(target, ContentFile(content))
    with storage.open(target) as file:
        if file.read() != content:
            raise OSError(errno.EIO, "the stored file differs from the written one")
