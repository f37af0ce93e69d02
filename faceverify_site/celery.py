"""The work queue: two queues, ids as the only arguments, rows in the database as the truth."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_prerun, worker_before_create_process, worker_init
from django.core.management.base import SystemCheckError
from django.db import close_old_connections

from faceverify_site import task_context  # noqa: F401 - connects itself
from faceverify_site.start import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "faceverify_site.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # Celery would run all of them, and go on; see below

app = Celery("faceverify", task_cls="celery.contrib.django.task:DjangoTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def check(**_: Any) -> None:
    from enrollment.checks import SITE

    try:
        refuse_unsafe(SITE)  # the others would load every page and form, which workers do without
    except SystemCheckError as error:  # Celery would log it and go on
        raise SystemExit(str(error)) from error


@worker_init.connect
def reuse_connections(**_: Any) -> None:
    """Lets workers treat connections to the database as Django does between requests: by their age and health."""
    task_prerun.connect(close_stale_connections)


@worker_before_create_process.connect
def share_memory(**_: Any) -> None:
    """Keeps the collector of parent and child off what both hold, so that they go on sharing it."""
    gc.collect()
    gc.freeze()


def close_stale_connections(**_: Any) -> None:
    close_old_connections()
