"""Sealing everything anew with the newest key, while the site goes on.

Rows are taken in small batches under row locks; what already bears the newest key is passed over, so a run that was
stopped is simply started again.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import BinaryField, Model

from enrollment.crypto import MFA_CONTEXT, is_current, is_current_text, seal, seal_text, unseal, unseal_text
from enrollment.errors import RotationIncomplete, SealBroken
from enrollment.models import AuditEvent
from enrollment.services.files import face_file_fields
from enrollment.storage import faces_storage

logger = logging.getLogger(__name__)

BATCH = 50
SEALED = "sealed_"
# What allauth keeps encrypted of an authenticator app, and of recovery codes.
MFA_SECRETS = ("secret", "seed")


def keys_rotate() -> dict[str, int]:
    """Seals everything with the newest key. Answers how many values changed, by column.

    Passes over what cannot be opened, or has no file. Raises RotationIncomplete in the end, which names that.
    """
    changed: dict[str, int] = {}
    broken: list[str] = []
    for model, columns in sealed_columns():
        reseal = partial(_columns_reseal, columns=columns)
        changed[model._meta.label] = sum(_batches(model, reseal, broken))
    for model, column in face_file_fields():
        reseal = partial(_file_reseal, column=column)
        changed[f"{model._meta.label}.{column}"] = sum(_batches(model, reseal, broken))
    changed[Authenticator._meta.label] = sum(_batches(Authenticator, _authenticator_reseal, broken))
    outcome = AuditEvent.Outcome.REFUSED if broken else AuditEvent.Outcome.SUCCESS
    details = changed | ({"broken": len(broken)} if broken else {})
    AuditEvent.record(AuditEvent.Action.KEY_ROTATION, outcome, details=details)
    if broken:
        raise RotationIncomplete(changed, broken)
    return changed


def sealed_columns() -> Iterator[tuple[type[Model], list[str]]]:
    """Every model with encrypted columns. Each has `seal_context(column)`, which tells what a value is bound to."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, BinaryField)]
        columns = [field.name for field in fields if field.name.startswith(SEALED)]
        if columns:
            yield model, columns


def _batches(model: type[Model], reseal: Callable[[Any], int], broken: list[str]) -> Iterator[int]:
    """Applies `reseal` to every row, a batch a transaction. Adds the names of those that it cannot be applied to."""
    last = None
    while True:
        with transaction.atomic():
            rows = model._default_manager.select_for_update(of=("self",)).order_by("pk")
            batch = list((rows if last is None else rows.filter(pk__gt=last))[:BATCH])
            yield sum(_resealed(row, reseal, broken) for row in batch)
        if len(batch) < BATCH:
            return
        last = batch[-1].pk


def _resealed(row: Model, reseal: Callable[[Any], int], broken: list[str]) -> int:
    try:
        return reseal(row)
    except (SealBroken, FileNotFoundError) as error:
        broken.append(f"{row._meta.label} {row.pk}")
        logger.error("%s keeps its old seal: %s", broken[-1], error)
        return 0


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
    transaction.on_commit(lambda: storage.delete(old), robust=True)
    return 1


def _authenticator_reseal(row: Authenticator) -> int:
    stale = [name for name in MFA_SECRETS if name in row.data and not is_current_text(row.data[name])]
    for name in stale:
        row.data[name] = seal_text(unseal_text(row.data[name], context=MFA_CONTEXT), context=MFA_CONTEXT)
    if stale:
        row.save(update_fields=["data"])
    return len(stale)
