"""What goes with a task from who asks for it to who does it: the request's id, and when it was asked for."""

import time
from typing import Any

import structlog
from celery import Task
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun

REQUEST_ID, ASKED_AT = "faceverify_request_id", "faceverify_asked_at"
_begun = "faceverify_begun"


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Workers log as the settings say, and not as Celery would."""


@before_task_publish.connect
def send_along(headers: dict[str, Any], **_: Any) -> None:
    headers[ASKED_AT] = time.time()
    headers[REQUEST_ID] = structlog.contextvars.get_contextvars().get("request_id", "-")


@task_prerun.connect
def take_up(task: "Task[..., Any]", **_: Any) -> None:
    from enrollment import metrics  # needs the settings, which this module is imported by

    sent = task.request.headers or {}
    structlog.contextvars.bind_contextvars(request_id=sent.get(REQUEST_ID, "-"))
    setattr(task.request, _begun, time.perf_counter())
    asked_at = sent.get(ASKED_AT)
    if asked_at is not None:
        queue = (task.request.delivery_info or {}).get("routing_key") or "none"
        metrics.QUEUE_WAIT.labels(queue).observe(max(0.0, time.time() - asked_at))


@task_postrun.connect
def put_down(task: "Task[..., Any]", state: str = "", **_: Any) -> None:
    from enrollment import metrics

    begun = getattr(task.request, _begun, None)
    if begun is not None:
        metrics.TASK.labels(task.name, state or "none").observe(time.perf_counter() - begun)
    structlog.contextvars.unbind_contextvars("request_id")
