"""Entrances of the worker. Arguments are ids; the rows say what is to be done."""

from celery import current_app, shared_task
from celery.signals import worker_process_init


@shared_task
def template_extract(sample_id: str) -> None:
    from enrollment import jobs

    usable = jobs.template_extract(sample_id)
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


@worker_process_init.connect
def warm_up(**_: object) -> None:
    """Loads the active model before the first picture arrives, in workers that serve faces."""
    if "biometric" in current_app.amqp.queues.consume_from:
        from enrollment import jobs

        jobs.pipeline_warm_up()
