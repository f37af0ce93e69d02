"""Encrypted files and stored models, and which rows they belong to."""

import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.apps import apps
from django.core.files.storage import Storage, storages
from django.db.models import FileField, Model
from django.utils import timezone

from enrollment.models.stored_artifact import artifact_erase
from enrollment.storage import EncryptedStorage, faces_storage

logger = logging.getLogger(__name__)

DIGEST = re.compile(r"[0-9a-f]{64}")
# A file is written before its row; one that has no row after so long never will.
ORPHAN_AFTER = timedelta(hours=1)


def face_file_fields() -> Iterator[tuple[type[Model], str]]:
    """Every column that names an encrypted file."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField) and isinstance(field.storage, EncryptedStorage):
                yield model, field.name


def orphans_erase() -> int:
    """Erases encrypted files that no row names: what a crash between file and row left behind. Answers how many."""
    oldest = timezone.now() - ORPHAN_AFTER
    candidates = {name for name in _names("") if _is_older(name, oldest)}
    for model, column in face_file_fields():
        candidates -= set(model._default_manager.values_list(column, flat=True))
    return sum(_is_erased(name) for name in candidates)


def models_orphans_erase() -> int:
    """Erases stored models that no version names: of trainings that ended between storing one and saying so."""
    storage = storages["models"]
    try:
        folders, _ = storage.listdir("")
    except FileNotFoundError:  # nothing was trained yet
        return 0
    oldest = timezone.now() - ORPHAN_AFTER
    stored = (folder for folder in folders if DIGEST.fullmatch(folder))
    return sum(_is_left(storage, folder, oldest) and artifact_erase(folder) for folder in stored)


def _is_left(storage: Storage, folder: str, oldest: datetime) -> bool:
    names = (f"{folder}/{name}" for name in storage.listdir(folder)[1])
    return all(storage.get_modified_time(name) < oldest for name in names)


def _is_older(name: str, oldest: datetime) -> bool:
    try:
        return faces_storage().get_modified_time(name) < oldest
    except OSError:
        if faces_storage().exists(name):
            raise
        return False  # erased since it was listed


def _is_erased(name: str) -> bool:
    """One that stays is tried again the next night."""
    try:
        faces_storage().delete(name)
    except OSError as error:
        logger.error("file %s could not be erased: %s", name, error)
        return False
    return True


def _names(folder: str) -> Iterator[str]:
    try:
        folders, files = faces_storage().listdir(folder)
    except FileNotFoundError:  # nobody has enrolled yet
        return
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in files)
    for name in folders:
        yield from _names(prefix + name)
