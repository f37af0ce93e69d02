"""Tells those who wait for a worker that it is done, by a list in the broker.

What came of it stands in the database alone. A bell only spares asking there a hundred times a second, so one that does
not ring, because the broker is away or somebody else took the sign, costs a moment and nothing else.
"""

import hashlib
import time
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError

SLICE_SECONDS = 0.5  # so much later, whoever missed it looks
WITHOUT_BROKER_SECONDS = 0.05
KEPT_SECONDS = 30


def samples_bell(subject_id: int) -> str:
    """Rings for each picture of somebody that is decided."""
    return f"samples of {subject_id}"


def ring_on_commit(name: str) -> None:
    """Wakes whoever listens for this name, now or soon, once the present transaction is there to be read."""
    transaction.on_commit(lambda: _ring(name), robust=True)


def _ring(name: str) -> None:
    try:
        with _broker().pipeline(transaction=False) as pipeline:
            pipeline.lpush(_key(name), "")
            pipeline.expire(_key(name), KEPT_SECONDS)
            pipeline.execute()
    except RedisError:
        return  # they look by themselves


def listen(name: str, *, seconds: float) -> None:
    """Returns when it rings, or after a moment, at most so many seconds."""
    begin = time.monotonic()
    try:
        _broker().blpop([_key(name)], timeout=max(0.01, min(seconds, SLICE_SECONDS)))
    except RedisError:
        time.sleep(max(0.0, min(seconds, WITHOUT_BROKER_SECONDS) - (time.monotonic() - begin)))


def _key(name: str) -> str:
    """Ids of sessions are secrets, which the broker need not know."""
    return "faceverify.bell." + hashlib.sha256(name.encode()).hexdigest()


@lru_cache(maxsize=1)
def _broker() -> "Redis":
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=SLICE_SECONDS + 2)
