"""When the site trains by itself. The rows are the operator's to change in the admin; they are only made once."""

import json

from django.conf import settings
from django_celery_beat.models import CrontabSchedule, PeriodicTask

TASK = "enrollment.tasks.training_request_due"
MANY_NEW_PEOPLE = 50


def retraining_schedule_prepare() -> None:
    """Monthly, if anybody is new; and, once it is switched on, in the night after many people came."""
    at_night = {"minute": "30", "hour": "2", "timezone": settings.TIME_ZONE}
    monthly, _ = CrontabSchedule.objects.get_or_create(day_of_month="1", **at_night)
    nightly, _ = CrontabSchedule.objects.get_or_create(**at_night)
    for name, schedule, new_subjects, enabled in (
        ("retrain monthly", monthly, 1, True),
        ("retrain when many people are new", nightly, MANY_NEW_PEOPLE, False),
    ):
        PeriodicTask.objects.get_or_create(
            name=name,
            defaults={
                "task": TASK,
                "crontab": schedule,
                "kwargs": json.dumps({"new_subjects": new_subjects}),
                "enabled": enabled,
            },
        )
