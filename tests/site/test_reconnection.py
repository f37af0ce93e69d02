"""How workers and beat come back to a broker that was away."""

from unittest.mock import Mock

import pytest
from celery import current_app

from faceverify_site.consumer import Consumer
from faceverify_site.reconnection import RETRY_SECONDS
from faceverify_site.scheduler import Scheduler


def worker(broker: Mock) -> None:
    consumer = Consumer.__new__(Consumer)
    consumer.app, consumer.first_connection_attempt = current_app, False
    consumer.ensure_connected(broker)


def beat(broker: Mock) -> None:
    scheduler = Scheduler.__new__(Scheduler)
    scheduler.app, scheduler.connection = current_app, broker
    scheduler._ensure_connected()


@pytest.mark.parametrize("come_back", [worker, beat])
def test_they_try_as_often_after_an_hour_as_at_first_and_never_give_up(come_back):
    broker = Mock()
    tries = broker.ensure_connection
    come_back(broker)
    assert tries.call_args.args[1] is None  # no limit
    assert tries.call_args.kwargs["interval_start"] == RETRY_SECONDS
    assert tries.call_args.kwargs["interval_step"] == 0


def test_workers_come_back_that_way():
    assert current_app.conf.worker_consumer == f"{Consumer.__module__}:{Consumer.__name__}"
