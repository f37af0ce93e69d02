"""What a worker listens to its broker with."""

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

from faceverify_site.reconnection import try_steadily


class Consumer(CeleryConsumer):
    """Is back soon, however long the broker was away."""

    def ensure_connected(self, conn: Any) -> Any:
        try_steadily(conn)
        return super().ensure_connected(conn)
