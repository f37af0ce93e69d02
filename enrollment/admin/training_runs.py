from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from enrollment.admin.confirmation import confirm
from enrollment.admin.plots import training_plot
from enrollment.admin.read_only import ReadOnlyAdmin
from enrollment.models import PeopleSet, TrainingRun
from enrollment.policy import USUAL_EPOCHS
from enrollment.selectors import training_samples, user_of
from enrollment.services import training_run_cancel, training_run_request

COLOURS = {
    "requested": "info",
    "running": "info",
    "succeeded": "success",
    "failed": "danger",
    "refused": "warning",
    "cancelled": "warning",
}
LIST = "admin:enrollment_trainingrun_changelist"


class RetrainForm(forms.Form):
    network = forms.ChoiceField(
        choices=[("", "As the active version")] + [(name, name) for name in sorted(USUAL_EPOCHS)],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    start = forms.ChoiceField(choices=TrainingRun.Start.choices, widget=UnfoldAdminSelectWidget)
    uses_site = forms.BooleanField(
        label="Learn from this site's people", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    training_set = forms.ModelChoiceField(
        PeopleSet.objects.filter(purpose=PeopleSet.Purpose.TRAINING),
        label="Imported people",
        required=False,
        empty_label="None",
        widget=UnfoldAdminSelectWidget,
    )
    epochs = forms.IntegerField(
        min_value=1,
        max_value=200,
        required=False,
        help_text="At most so many; empty: what usually does.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    note = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Every run with how far it is, and the buttons that start and end one."""

    list_display = ("__str__", "coloured_state", "short_progress", "kind", "network", "created_at", "note")
    list_filter = ("state", "kind", "network")
    fieldsets = (
        (None, {"fields": ("state", "progress", "result", "curves")}),
        (
            "Asked for",
            {
                "fields": (
                    *("kind", "network", "start", "epochs", "uses_site", "training_set", "evaluation_set"),
                    *("champion", "note", "requested_by", "created_at", "started_at", "finished_at"),
                )
            },
        ),
        ("Log", {"fields": ("lines",)}),
    )
    readonly_fields = tuple(field for _, part in fieldsets for field in part["fields"])
    actions_list = ("retrain", "calibrate")
    actions_detail = ("cancel",)

    class Media:
        js = ("js/admin_live.js",)

    def has_retrain_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("enrollment.can_retrain")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        is_open = TrainingRun.objects.filter(pk=object_id, state__in=TrainingRun.OPEN).exists()
        return list(super().get_actions_detail(request, object_id)) if is_open else []

    @action(description="Retrain", url_path="retrain", icon="model_training", permissions=["retrain"])
    def retrain(self, request: HttpRequest) -> HttpResponse:
        def act(data: dict[str, Any]) -> str:
            asked = data | {"network": data["network"] or None}
            run = training_run_request(actor=user_of(request), kind=TrainingRun.Kind.TRAIN, **asked)
            return f"Training {run} is requested."

        words = [
            f"{_people()} people of this site agreed to be learned from and have pictures that are old enough.",
            "The training worker learns a new version, sets its thresholds and holds it against the active one. "
            "Sign-in goes on as before; nothing changes until a version is promoted.",
        ]
        return confirm(
            request,
            title="Retrain",
            words=words,
            button="Start training",
            act=act,
            back=reverse(LIST),
            form=RetrainForm(request.POST or None),
        )

    @action(description="Calibrate only", url_path="calibrate", icon="tune", permissions=["retrain"])
    def calibrate(self, request: HttpRequest) -> HttpResponse:
        def act(_: dict[str, Any]) -> str:
            run = training_run_request(actor=user_of(request), kind=TrainingRun.Kind.CALIBRATE_ONLY)
            return f"Calibration {run} is requested."

        words = [
            f"{_people()} people of this site may be used.",
            "Thresholds are set anew on them and on half of the evaluation set; the network's weights stay. "
            "Nothing changes until the version that comes of it is promoted.",
        ]
        return confirm(
            request,
            title="Calibrate only",
            words=words,
            button="Start calibration",
            act=act,
            back=reverse(LIST),
        )

    @action(description="Cancel", url_path="cancel", icon="close", permissions=["retrain"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = TrainingRun.objects.get(pk=object_id)

        def act(_: dict[str, Any]) -> str:
            training_run_cancel(run, actor=user_of(request))
            return f"Training {run} was cancelled."

        return confirm(
            request,
            title=f"Cancel {run}",
            words=["The worker stops within seconds, and what was learned so far is thrown away."],
            button="Cancel the run",
            act=act,
            back=reverse("admin:enrollment_trainingrun_change", args=[run.pk]),
        )

    @display(description="State", ordering="state", label=COLOURS)
    def coloured_state(self, run: TrainingRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description="Progress")
    def progress(self, run: TrainingRun) -> str:
        return _bar(run, _told(run))

    @display(description="Progress")
    def short_progress(self, run: TrainingRun) -> str:
        return _bar(run, run.failure or str(run.get_phase_display()), narrow=True)

    @display(description="Version")
    def result(self, run: TrainingRun) -> str:
        version = getattr(run, "version", None)
        if version is None:
            return "None"
        page = reverse("admin:enrollment_modelversion_change", args=[version.pk])
        return format_html('<a href="{}">{}</a>, {}', page, version, version.get_state_display().lower())

    @display(description="Learning curves")
    def curves(self, run: TrainingRun) -> str:
        drawn = training_plot(run.history).render() if run.history else "No epoch is over yet."
        return format_html('<div data-live="curves of {}">{}</div>', run.pk, drawn)

    @display(description="Last lines")
    def lines(self, run: TrainingRun) -> str:
        return format_html(
            '<pre class="whitespace-pre-wrap" data-live="log of {}">{}</pre>', run.pk, run.log or "Empty."
        )


def _people() -> int:
    return len({sample.subject_id for sample in training_samples()})


def _bar(run: TrainingRun, words: str, *, narrow: bool = False) -> str:
    context = {
        "name": f"run {run.pk}",
        "open": run.is_open,
        "percent": 100 * run.step // run.steps if run.steps else 0,
        "words": words,
        "narrow": narrow,
    }
    return render_to_string("admin/enrollment/progress.html", context)


def _told(run: TrainingRun) -> str:
    """How far a run is, in words."""
    if run.failure:
        return f"{run.failure}: {run.failure_detail}"
    words = [str(run.get_phase_display())]
    if run.is_open and run.steps:
        words.append(f"{run.step:,} of {run.steps:,}")
    if run.is_open and run.phase in (run.Phase.TRAIN, run.Phase.VALIDATE) and run.epoch:
        words.append(f"epoch {run.epoch} of {run.epochs}")
    if run.is_open and run.seconds_left is not None:
        words.append(f"about {max(1, round(run.seconds_left / 60))} min left")
    return ", ".join(words)
