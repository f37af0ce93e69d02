"""What runs by the clock, in the site's theme."""

from typing import Any

from django.contrib import admin
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
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

admin.site.unregister([ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule])


class TaskChoice(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The tasks that the workers know."""


class ThemedForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskChoice()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(LibraryPeriodicTaskAdmin, ModelAdmin):
    form = ThemedForm


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(LibraryCrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ModelAdmin):
    pass


@admin.register(SolarSchedule, ClockedSchedule)
class OtherScheduleAdmin(ModelAdmin):
    """Kinds that the site itself does not use."""
