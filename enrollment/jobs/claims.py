"""Work whose message got lost is taken up again from its row."""

from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

AT_ONCE = 500


def claim_lost(rows: "QuerySet[Model]", queued: str, *, after: timedelta) -> list[Any]:
    """Ids of rows that are in the queue for longer than this, each claimed for one more try.

    `queued` is the column that says since when.
    """
    now = timezone.now()
    lost = rows.filter(**{f"{queued}__lt": now - after})
    ids = list(lost.values_list("pk", flat=True)[:AT_ONCE])
    rows.model._default_manager.filter(pk__in=ids).update(**{queued: now})
    return ids
