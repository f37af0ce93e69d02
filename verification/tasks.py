"""Entrances of the worker. Arguments are ids; the rows say what is to be done."""

import logging

from celery import current_app, shared_task
from celery.signals import worker_process_init
from django.core.management import call_command
from kombu.exceptions import OperationalError

from enrollment.models import User
from enrollment.tasks import worker_lost
from verification.models import FailureCount

logger = logging.getLogger(__name__)


@worker_process_init.connect
def warm_up(**_: object) -> None:
    """Spares the first picture the import of what decides about it, in workers that do."""
    if "biometric" in current_app.amqp.queues.consume_from:
        from verification import jobs  # noqa: F401


@shared_task
def attempt_decide(attempt_id: int) -> None:
    from verification import jobs

    locked = jobs.attempt_decide(attempt_id, worker_lost=worker_lost())
    if locked is not None:
        try:
            lock_tell.delay(locked)
        except OperationalError:
            logger.warning("queue unreachable: the mail about a lock waits in the database")


@shared_task
def lock_tell(user_id: int) -> None:
    """Not by whoever decides: a mail takes time, which would tell that there is somebody to write to."""
    from enrollment.notices import Notice, notice_send

    waiting = FailureCount.objects.filter(user_id=user_id, notice_queued_at__isnull=False)
    user = User.objects.filter(pk=user_id).first()
    if user is not None and waiting.exists():  # a message may come twice
        notice_send(user, Notice.FACE_LOCKED)
        waiting.update(notice_queued_at=None)


@shared_task
def sessions_sweep() -> None:
    from verification import jobs

    for attempt_id in jobs.attempts_claim_lost():
        attempt_decide.delay(attempt_id)
    jobs.sessions_expire()
    for user_id in jobs.locks_claim_untold():
        lock_tell.delay(user_id)


@shared_task
def comparison_decide(comparison_id: str) -> None:
    from verification import jobs

    jobs.comparison_decide(comparison_id)


@shared_task
def identification_decide(identification_id: str) -> None:
    from verification import jobs

    jobs.identification_decide(identification_id)


@shared_task
def inquiries_sweep() -> None:
    from verification import jobs

    jobs.inquiries_sweep()


@shared_task
def purge() -> None:
    """For the schedule: erases what was kept long enough."""
    call_command("purge")
