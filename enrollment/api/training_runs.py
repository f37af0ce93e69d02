"""Training runs: ask for one, watch it, call it off."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import page
from enrollment.api.schema import PAGING, paged, problems
from enrollment.api.staff import CAN_RETRAIN, StaffView
from enrollment.models import PeopleSet, TrainingRun
from enrollment.models.model_version import bulk_of
from enrollment.policy import MOST_EPOCHS, MOST_NOTE_CHARACTERS, USUAL_EPOCHS
from enrollment.selectors import user_of
from enrollment.services import training_run_cancel, training_run_request

READS = ("enrollment.view_trainingrun",)
LOG_LINES = 20


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    percent = serializers.IntegerField(help_text="0 to 100.")
    failure = serializers.CharField(help_text="Stable code; empty unless it failed.")
    champion_id = serializers.IntegerField(
        allow_null=True, help_text="The version it starts from and is judged against."
    )
    version_id = serializers.IntegerField(
        source="version.pk", default=None, allow_null=True, help_text="The version that comes of it."
    )

    class Meta:
        model = TrainingRun
        fields = (
            *("id", "state", "kind", "network", "start", "epochs", "uses_site", "training_set", "note"),
            *("champion_id", "version_id", "created_at", "started_at", "finished_at"),
            *("phase", "percent", "epoch", "step", "steps", "loss", "validation_loss", "seconds_left"),
            *("failure", "failure_detail"),
        )


class TrainingRunDetailSerializer(TrainingRunSerializer):
    """With the end of its log."""

    log = serializers.SerializerMethodField(help_text="Its last lines.")

    class Meta(TrainingRunSerializer.Meta):
        fields = (*TrainingRunSerializer.Meta.fields, "log")  # type: ignore[assignment]

    def get_log(self, run: TrainingRun) -> list[str]:
        return run.log.splitlines()[-LOG_LINES:]


class TrainingRequestSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=TrainingRun.Kind.choices, default=TrainingRun.Kind.TRAIN)
    network = serializers.ChoiceField(
        choices=sorted(USUAL_EPOCHS), required=False, help_text="Left out: that of the active version."
    )
    start = serializers.ChoiceField(choices=TrainingRun.Start.choices, default=TrainingRun.Start.ACTIVE)
    epochs = serializers.IntegerField(
        min_value=1, max_value=MOST_EPOCHS, required=False, help_text="At most so many."
    )
    uses_site = serializers.BooleanField(default=True, help_text="Learn from consenting people of this site.")
    training_set = serializers.PrimaryKeyRelatedField(
        queryset=PeopleSet.objects.filter(purpose=PeopleSet.Purpose.TRAINING),
        required=False,
        allow_null=True,
        help_text="Id of imported people to learn from.",
    )
    note = serializers.CharField(max_length=MOST_NOTE_CHARACTERS, default="", allow_blank=True)


class TrainingRunList(StaffView):
    """All runs, the newest first; a POST asks for another."""

    reads, changes = READS, CAN_RETRAIN

    @extend_schema(
        operation_id="training_runs_list",
        summary="All training runs",
        parameters=PAGING,
        responses={200: paged(TrainingRunSerializer, name="training_runs")} | problems(404),
        tags=["models"],
    )
    def get(self, request: Request) -> Response:
        runs = TrainingRun.objects.select_related("version").defer("log", "history", *bulk_of("version"))
        return Response(
            page(request, runs, lambda row: TrainingRunSerializer(row).data, name="training_runs")
        )

    @extend_schema(
        operation_id="training_runs_request",
        summary="Ask for a training, or for a calibration alone",
        request=TrainingRequestSerializer,
        responses={202: TrainingRunDetailSerializer} | problems(409, 422),
        tags=["models"],
    )
    def post(self, request: Request) -> Response:
        form = TrainingRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        run = training_run_request(actor=user_of(request), **form.validated_data)
        return Response(_payload(run.pk), status=status.HTTP_202_ACCEPTED)


class TrainingRunDetail(StaffView):
    """One run and how far it is."""

    reads, changes = READS, CAN_RETRAIN

    @extend_schema(
        operation_id="training_runs_read",
        summary="How far a training is",
        responses={200: TrainingRunDetailSerializer} | problems(404),
        tags=["models"],
    )
    def get(self, request: Request, run_id: int) -> Response:
        return Response(_payload(run_id))


class TrainingRunCancel(StaffView):
    """Calls a run off."""

    changes = CAN_RETRAIN

    @extend_schema(
        operation_id="training_runs_cancel",
        summary="Call a training off: what was learned so far is thrown away",
        request=None,
        responses={200: TrainingRunDetailSerializer} | problems(404, 409),
        tags=["models"],
    )
    def post(self, request: Request, run_id: int) -> Response:
        training_run_cancel(get_object_or_404(TrainingRun, pk=run_id), actor=user_of(request))
        return Response(_payload(run_id))


def _payload(run_id: int) -> dict[str, Any]:
    run = get_object_or_404(TrainingRun.objects.select_related("version"), pk=run_id)
    return dict(TrainingRunDetailSerializer(run).data)
