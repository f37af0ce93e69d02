import signal
import threading
from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from faceverify_site.celery import app
from faceverify_site.scheduler import Scheduler

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def scheduler():
    every = IntervalSchedule.objects.create(every=15, period=IntervalSchedule.SECONDS)
    for name in ("sweep", "other sweep"):
        PeriodicTask.objects.create(name=name, task="t", interval=every, last_run_at=timezone.now())
    made = Scheduler(app=app, lazy=True)
    yield made
    made.sync()


def waits(scheduler) -> list[float]:
    return [entry.is_due().next for entry in scheduler.schedule.values()]


def test_it_goes_on_when_it_starts_on_a_clock_that_was_set_back(scheduler):
    PeriodicTask.objects.update(last_run_at=timezone.now() + DAY)
    scheduler.tick()
    assert max(waits(scheduler)) <= 15


def test_it_goes_on_when_the_clock_is_set_back(scheduler):
    scheduler.tick()
    later = timezone.now() + DAY
    scheduler.ticked_at = later
    for entry in scheduler.schedule.values():
        entry.last_run_at = later
    scheduler.tick()
    assert max(waits(scheduler)) <= 15


def test_it_keeps_its_times_while_the_clock_goes_on(scheduler):
    scheduler.tick()
    before = [entry.last_run_at for entry in scheduler.schedule.values()]
    scheduler.tick()
    assert [entry.last_run_at for entry in scheduler.schedule.values()] == before


def test_a_stop_waits_until_the_message_is_sent(scheduler, monkeypatch):
    order = []

    def send(*_):
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        order.append("sent")

    monkeypatch.setattr(DatabaseScheduler, "apply_async", send)
    before = signal.signal(signal.SIGTERM, lambda *_: order.append("stopped"))
    try:
        scheduler.apply_async("entry")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert order == ["sent", "stopped"]
