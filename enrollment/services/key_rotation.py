"""Sealing everything anew with the newest key, while the site goes on.

Rows are taken in small batches under row locks; what already bears the newest key is passed over, so a run that was
stopped is simply started again.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import BinaryField, Model

from enrollment.crypto import is_current, seal, unseal
from enrollment.models import AuditEvent
from enrollment.services.files import face_file_fields
from enrollment.storage import faces_storage

BATCH = 50
SEALED = "sealed_"


def keys_rotate() -> dict[str, int]:
    """Seals everything with the newest key. Answers how many values changed, by column."""
    changed = {}
    for model, columns in sealed_columns():
        changed[model._meta.label] = sum(_batches(model, partial(_columns_reseal, columns=columns)))
    for model, column in face_file_fields():
        changed[f"{model._meta.label}.{column}"] = sum(_batches(model, partial(_file_reseal, column=column)))
    AuditEvent.record(AuditEvent.Action.KEY_ROTATION, details=changed)
    return changed


def sealed_columns() -> Iterator[tuple[type[Model], list[str]]]:
    """Every model with encrypted columns. Each has `seal_context(column)`, which tells what a value is bound to."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, BinaryField)]
        columns = [field.name for field in fields if field.name.startswith(SEALED)]
        if columns:
            yield model, columns


def _batches(model: type[Model], reseal: Any) -> Iterator[int]:
    """Applies `reseal` to every row, a batch a transaction."""
    last = None
    while True:
        with transaction.atomic():
            rows = model._default_manager.select_for_update(of=("self",)).order_by("pk")
            batch = list((rows if last is None else rows.filter(pk__gt=last))[:BATCH])
            yield sum(reseal(row) for row in batch)
        if len(batch) < BATCH:
            return
        last = batch[-1].pk


def _columns_reseal(row: Any, *, columns: list[str]) -> int:
    stale = [name for name in columns if getattr(row, name) and not is_current(getattr(row, name))]
    for name in stale:
        context = row.seal_context(name)
        setattr(row, name, seal(unseal(getattr(row, name), context=context), context=context))
    if stale:
        row.save(update_fields=stale)
    return len(stale)


def _file_reseal(row: Any, *, column: str) -> int:
    """Writes the file under a new name: whoever is reading the old one gets to its end, and a crash loses nothing."""
    file, storage = getattr(row, column), faces_storage()
    if not file or storage.is_current(file.name):
        return 0
    old = file.name
    with storage.open(old) as content:
        file.save("", ContentFile(content.read()), save=False)
    row.save(update_fields=[column])
    transaction.on_commit(partial(storage.delete, old), robust=True)
    return 1
