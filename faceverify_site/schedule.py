"""What happens by itself, and how often."""

from celery.schedules import crontab

HEARTBEAT_SECONDS = 15


def _every(seconds: int, task: str) -> dict[str, object]:
    """A periodic task; runs that nobody came to in time are dropped, not piled up."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


def _heartbeat(queue: str) -> dict[str, object]:
    """A sign of life through a queue."""
    options = {"expires": HEARTBEAT_SECONDS, "queue": queue}
    return {
        "task": "enrollment.tasks.worker_heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        "args": [queue],
        "options": options,
    }


SCHEDULE = {
    "hear of the biometric worker": _heartbeat("biometric"),
    "hear of the training worker": _heartbeat("training"),
    "hear of the webhooks worker": _heartbeat("webhooks"),
    "requeue lost pictures": _every(15, "enrollment.tasks.samples_sweep"),
    "close expired sign-ins": _every(5, "verification.tasks.sessions_sweep"),
    "take up lost training runs": _every(15, "enrollment.tasks.training_sweep"),
    "take up promotions": _every(15, "enrollment.tasks.promotions_sweep"),
    "send webhooks that are due": _every(15, "enrollment.tasks.webhooks_sweep"),
    "prune old templates": _every(3600, "enrollment.tasks.templates_prune"),
    "erase old comparisons": _every(60, "verification.tasks.inquiries_sweep"),
    "erase what was kept long enough": {
        "task": "verification.tasks.purge",
        "schedule": crontab(hour=3, minute=20),
    },
}
