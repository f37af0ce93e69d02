"""Entrances of the worker. Arguments are ids; the rows say what is to be done."""

import gc
import os

from celery import current_app, current_task, shared_task
from celery.signals import worker_process_init
from django.conf import settings
from django.core.management import call_command

from enrollment.models import Heartbeat


def worker_lost() -> bool:
    """Whether the message at hand came back, because the process that had it died: nobody is at work on its row."""
    delivery = current_task.request.delivery_info if current_task else None
    return bool(delivery and delivery.get("redelivered"))


@shared_task
def template_extract(sample_id: str) -> None:
    from enrollment import jobs

    usable = jobs.template_extract(sample_id, worker_lost=worker_lost())
    if usable is not None:
        duplicates_check.delay(usable)


@shared_task
def duplicates_check(subject_id: int) -> None:
    from enrollment import jobs

    jobs.duplicates_check(subject_id)


@shared_task
def samples_sweep() -> None:
    from enrollment import jobs

    for sample_id in jobs.samples_claim_lost():
        template_extract.delay(sample_id)
    for subject_id in jobs.duplicates_claim_lost():
        duplicates_check.delay(subject_id)


@shared_task(
    time_limit=settings.RETRAINING_TIME_LIMIT_SECONDS,
    soft_time_limit=settings.RETRAINING_TIME_LIMIT_SECONDS,
)
def training_run_execute(run_id: int) -> None:
    from enrollment.jobs import training

    promotion_id = training.training_run_execute(run_id)
    if promotion_id is not None:
        promotion_execute.delay(promotion_id)


@shared_task
def training_sweep() -> None:
    from enrollment.jobs import training_rows

    for run_id in training_rows.training_runs_claim_lost():
        training_run_execute.delay(run_id)


@shared_task(
    time_limit=settings.RETRAINING_TIME_LIMIT_SECONDS,
    soft_time_limit=settings.RETRAINING_TIME_LIMIT_SECONDS,
)
def promotion_execute(promotion_id: int) -> None:
    from enrollment.jobs import reembedding

    reembedding.promotion_execute(promotion_id)


@shared_task
def promotions_sweep() -> None:
    from enrollment.jobs import reembedding

    for promotion_id in reembedding.promotions_claim_lost():
        promotion_execute.delay(promotion_id)


@shared_task
def templates_prune() -> None:
    from enrollment.jobs import reembedding

    reembedding.templates_prune()


@shared_task
def webhook_send(delivery_id: int) -> None:
    from enrollment import deliveries

    deliveries.delivery_send(delivery_id)


@shared_task
def webhooks_sweep() -> None:
    from enrollment import deliveries

    for delivery_id in deliveries.deliveries_due():
        webhook_send.delay(delivery_id)


@shared_task
def training_request_due(new_subjects: int = 1) -> None:
    """For the schedule: asks for a training if so many people came since the last one."""
    call_command("request_training", new_subjects=new_subjects)


@shared_task
def worker_heartbeat(queue: str) -> None:
    """Sent through each queue: tells that somebody works there, and with which model."""
    model_digest = ""
    if queue == "biometric":
        from enrollment import jobs

        model_digest = jobs.pipeline_warm_up()
    Heartbeat.note(queue, model_digest=model_digest)
    if model_digest:
        jobs.gallery_refresh()


@worker_process_init.connect
def step_back(**_: object) -> None:
    """Lets sign-ins go first on a machine that also trains."""
    if "training" in current_app.amqp.queues.consume_from:
        os.nice(settings.RETRAINING_NICENESS)
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
            os.environ[name] = str(settings.RETRAINING_THREADS)
        from enrollment.jobs import training_rows

        training_rows.leftovers_erase()


@worker_process_init.connect
def warm_up(**_: object) -> None:
    """Loads the active model before the first picture arrives, in workers that serve faces; keeps memory small."""
    queues = current_app.amqp.queues.consume_from
    if "biometric" in queues:
        from enrollment import jobs

        jobs.pipeline_warm_up()
        gc.collect()
        gc.freeze()  # else the collector would look through all of that again and again
    if "biometric" in queues or "enrollment" in queues:
        from enrollment.jobs import memory

        memory.keep_little()
        memory.limit(settings.FACE_MEMORY_LIMIT_MB)
