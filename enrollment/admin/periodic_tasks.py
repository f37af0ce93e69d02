"""What runs by the clock, in the site's theme."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import CrontabScheduleAdmin as LibraryCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as LibraryPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from enrollment.admin.base import SiteAdmin
from enrollment.services.schedules import TASK

admin.site.unregister([ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule])


class TaskChoice(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The tasks that the workers know."""


class ThemedForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskChoice()

    def clean(self) -> dict[str, Any]:
        """By the clock runs what is made for it, and no other task with arguments of somebody's choice."""
        cleaned: dict[str, Any] = super().clean()
        made_for_it = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} | {TASK}
        if cleaned.get("task") not in made_for_it:
            raise ValidationError("This task does not run by the clock.", code="not_scheduled")
        return cleaned


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(LibraryPeriodicTaskAdmin, SiteAdmin):
    form = ThemedForm

    def has_run_permission(self, request: HttpRequest) -> bool:
        """A run asks for no permission that its task would need elsewhere, to retrain for example."""
        return bool(request.user.is_superuser)

    @action(description="Run selected tasks", permissions=["run"])
    def run_tasks(self, request: HttpRequest, tasks: QuerySet[PeriodicTask]) -> None:
        super().run_tasks(request, tasks)


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(LibraryCrontabScheduleAdmin, SiteAdmin):
    pass


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(SiteAdmin):
    pass


@admin.register(SolarSchedule, ClockedSchedule)
class OtherScheduleAdmin(SiteAdmin):
    """Kinds that the site itself does not use."""
