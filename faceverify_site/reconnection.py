"""How workers and beat come back to a broker that was away."""

from functools import partial
from typing import Any

RETRY_SECONDS = 2


def try_steadily(connection: Any) -> None:
    """Lets a connection be tried as often after an hour as at first: Celery waits longer each time, up to 30 s."""
    connection.ensure_connection = partial(
        connection.ensure_connection, interval_start=RETRY_SECONDS, interval_step=0
    )
