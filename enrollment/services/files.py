"""Encrypted files, and which rows they belong to."""

from collections.abc import Iterator
from datetime import timedelta

from django.apps import apps
from django.db.models import FileField, Model
from django.utils import timezone

from enrollment.storage import EncryptedStorage, faces_storage

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
    storage, oldest = faces_storage(), timezone.now() - ORPHAN_AFTER
    candidates = {name for name in _names("") if storage.get_modified_time(name) < oldest}
    for model, column in face_file_fields():
        candidates -= set(model._default_manager.values_list(column, flat=True))
    for name in candidates:
        storage.delete(name)
    return len(candidates)


def _names(folder: str) -> Iterator[str]:
    try:
        folders, files = faces_storage().listdir(folder)
    except FileNotFoundError:  # nobody has enrolled yet
        return
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in files)
    for name in folders:
        yield from _names(prefix + name)
