"""Work whose message got lost is taken up again from its row; however many messages come, one try is made at a time."""

from datetime import timedelta
from typing import Any

from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

AT_ONCE = 500


def is_free(*, lease: timedelta) -> Q:
    """Rows that nobody is at work on: no try was begun, or so long ago that its worker must be gone."""
    return Q(begun_at=None) | Q(begun_at__lt=timezone.now() - lease)


def try_begin(row: "QuerySet[Any]", *, lease: timedelta, worker_lost: bool) -> bool:
    """Counts a try, unless another one is under way; of a worker that was lost, none is."""
    free = row if worker_lost else row.filter(is_free(lease=lease))
    return bool(free.update(tries=F("tries") + 1, begun_at=timezone.now()))


def try_take_back(row: "QuerySet[Any]") -> None:
    """It was not the row's fault that a try came to nothing."""
    row.update(tries=F("tries") - 1, begun_at=None)


def claim_lost(rows: "QuerySet[Model]", queued: str, *, after: timedelta) -> list[Any]:
    """Ids of rows that are in the queue for longer than this, each claimed for one more try.

    `queued` is the column that says since when.
    """
    now = timezone.now()
    lost = rows.filter(**{f"{queued}__lt": now - after})
    ids = list(lost.values_list("pk", flat=True)[:AT_ONCE])
    rows.model._default_manager.filter(pk__in=ids).update(**{queued: now})
    return ids
