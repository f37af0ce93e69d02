"""Turning people away at once, instead of letting them wait in vain."""

from django.conf import settings

from verification.errors import Overloaded
from verification.models import Attempt

RETRY_SECONDS = 2


def queue_check() -> None:
    """Raises Overloaded when as many checks wait for the workers as can be answered in time."""
    waiting = Attempt.objects.filter(state=Attempt.State.PENDING)[: settings.FACE_QUEUE_LIMIT].count()
    if waiting >= settings.FACE_QUEUE_LIMIT:
        raise Overloaded(retry_after_seconds=RETRY_SECONDS)
