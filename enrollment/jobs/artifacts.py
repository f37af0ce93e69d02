"""Where the artifact of a model version lies: stored once for the whole site, fetched once by each machine."""

import errno
import logging
import os
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

    What is there already stays as it is: another worker of the same run may have stored it, and its version be in use.
    Raises TrainingFailed `disk_full`, and leaves nothing behind.
    """
    artifact = Artifact.load(folder)
    targets = {name: f"{artifact.digest}/{name}" for name in (*artifact.files, MANIFEST, CARD)}
    written = []
    try:
        for name, target in targets.items():
            content = (folder / name).read_bytes()
            if not _is_stored(target, content):
                written.append(target)
                _store(target, content)
    except OSError as error:
        for target in written:
            storages["models"].delete(target)
        code = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "storage_failed"
        raise TrainingFailed(f"The model could not be stored: {error.strerror}.", code=code) from error
    return artifact.digest


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


def _is_stored(target: str, content: bytes) -> bool:
    storage = storages["models"]
    if not storage.exists(target):
        return False
    with storage.open(target) as file:
        return bool(file.read() == content)


def _store(target: str, content: bytes) -> None:
    storages["models"].delete(target)  # what an earlier try left of it
    storages["models"].save(target, ContentFile(content))
    if not _is_stored(target, content):
        raise OSError(errno.EIO, "the stored file differs from the written one")
