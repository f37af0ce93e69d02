"""Versions of the recognition model: what each can do, and which one is in use."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import page
from enrollment.api.promotions import READS, PromotionSerializer, promotion_json
from enrollment.api.schema import PAGING, paged, problems
from enrollment.api.staff import CAN_PROMOTE, StaffView
from enrollment.models import ModelVersion
from enrollment.models.model_version import TELLING_OF_PEOPLE
from enrollment.selectors import user_of
from enrollment.services import model_version_promote, model_version_roll_back


class FiguresSerializer(serializers.Serializer[Any]):
    target_fmr = serializers.FloatField(
        help_text="Share of strangers who may pass a single try, where that was measured."
    )
    fnmr = serializers.FloatField(help_text="Share of rightful tries that would be refused.")
    subjects = serializers.IntegerField(help_text="On how many people that was seen.")


class GateReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    where = serializers.CharField(allow_null=True, help_text="The set of people on which it showed.")
    challenger = serializers.FloatField()
    limit = serializers.FloatField()


class ReportSerializer(serializers.Serializer[Any]):
    passed = serializers.BooleanField(help_text="Whether the gate let it through.")
    looser_threshold = serializers.BooleanField(help_text="Whether its promotion needs to accept one.")
    reasons = GateReasonSerializer(many=True)


class LineageSerializer(serializers.Serializer[Any]):
    base_version = serializers.CharField(allow_null=True)
    code_version = serializers.CharField(allow_null=True, help_text="SHA-256 of the learning code.")
    subjects = serializers.IntegerField(help_text="How many people of this site it learned from.")
    samples = serializers.IntegerField(help_text="And from how many of their pictures.")
    training_set = serializers.CharField(allow_null=True, help_text="Imported people it learned from.")


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = ("id", "name", "network", "state", "digest", "created_at", "activated_at")


class ModelDetailSerializer(ModelSerializer):
    """With figures, report and lineage; nobody's name or number is in them."""

    figures = serializers.SerializerMethodField()
    report = serializers.SerializerMethodField()
    lineage = serializers.SerializerMethodField()
    promotion = serializers.SerializerMethodField()

    class Meta(ModelSerializer.Meta):
        fields = (*ModelSerializer.Meta.fields, "figures", "report", "lineage", "promotion")  # type: ignore[assignment]

    @extend_schema_field(FiguresSerializer(allow_null=True))
    def get_figures(self, version: ModelVersion) -> dict[str, Any] | None:
        rate = version.refusal_rate(
            rule=settings.FACE_DECISION_RULE,
            fmr=settings.FACE_TARGET_FMR,
            anchors=settings.FACE_MIN_ANCHORS,
        )
        if rate is None:
            return None
        return {"target_fmr": rate.fmr, "fnmr": rate.fnmr, "subjects": rate.subjects}

    @extend_schema_field(ReportSerializer(allow_null=True))
    def get_report(self, version: ModelVersion) -> dict[str, Any] | None:
        gate = version.report.get("gate")
        if gate is None:
            return None
        return {
            "passed": gate["passed"],
            "looser_threshold": bool(version.report.get("looser_threshold")),
            "reasons": [_reason(reason) for reason in gate["reasons"]],
        }

    @extend_schema_field(LineageSerializer)
    def get_lineage(self, version: ModelVersion) -> dict[str, Any]:
        subjects = version.lineage.get("subjects", {})
        return {
            "base_version": version.lineage.get("base_version"),
            "code_version": version.lineage.get("code_version"),
            "subjects": len(subjects),
            "samples": sum(map(len, subjects.values())),
            "training_set": (version.lineage.get("training_set") or {}).get("name"),
        }

    @extend_schema_field(PromotionSerializer(allow_null=True))
    def get_promotion(self, version: ModelVersion) -> dict[str, Any] | None:
        last = version.promotions.select_related("version", "previous").first()
        return promotion_json(last) if last else None


class ActivateSerializer(serializers.Serializer[Any]):
    accept_looser_threshold = serializers.BooleanField(
        default=False, help_text="Faces may pass that the active version turns down: that is meant."
    )


class RollBackSerializer(serializers.Serializer[Any]):
    active = serializers.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        help_text="Id of the version to leave: asked twice, it is left once.",
    )


class ModelList(StaffView):
    """All versions, the newest first."""

    reads, changes = READS, CAN_PROMOTE

    @extend_schema(
        operation_id="models_list",
        summary="All versions of the model",
        parameters=PAGING,
        responses={200: paged(ModelSerializer, name="models")} | problems(404),
        tags=["models"],
    )
    def get(self, request: Request) -> Response:
        versions = ModelVersion.objects.only(*ModelSerializer.Meta.fields)
        return Response(page(request, versions, lambda row: ModelSerializer(row).data, name="models"))


class ModelDetail(StaffView):
    """One version."""

    reads, changes = READS, CAN_PROMOTE

    @extend_schema(
        operation_id="models_read",
        summary="What a version can do, and what it learned from",
        responses={200: ModelDetailSerializer} | problems(404),
        tags=["models"],
    )
    def get(self, request: Request, version_id: int) -> Response:
        return Response(ModelDetailSerializer(get_object_or_404(ModelVersion, pk=version_id)).data)


class ModelActivate(StaffView):
    """Begins the promotion of a version."""

    changes = CAN_PROMOTE

    @extend_schema(
        operation_id="models_activate",
        summary="Take a version into use, once everybody's templates are made",
        request=ActivateSerializer,
        responses={202: PromotionSerializer} | problems(404, 409, 422),
        tags=["models"],
    )
    def post(self, request: Request, version_id: int) -> Response:
        version = get_object_or_404(ModelVersion, pk=version_id)
        form = ActivateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        promotion = model_version_promote(
            version,
            actor=user_of(request),
            accepts_looser=form.validated_data["accept_looser_threshold"],
        )
        return Response(promotion_json(promotion), status=status.HTTP_202_ACCEPTED)


class ModelRollBack(StaffView):
    """Goes back to the version before the active one."""

    changes = CAN_PROMOTE

    @extend_schema(
        operation_id="models_roll_back",
        summary="Go back to what the active version replaced, at once",
        request=RollBackSerializer,
        responses={200: PromotionSerializer} | problems(404, 409),
        tags=["models"],
    )
    def post(self, request: Request) -> Response:
        form = RollBackSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        active = get_object_or_404(ModelVersion, pk=form.validated_data["active"])
        return Response(promotion_json(model_version_roll_back(active, actor=user_of(request))))


def _reason(reason: dict[str, Any]) -> dict[str, Any]:
    where = None if reason["code"] in TELLING_OF_PEOPLE else reason["where"]
    return {
        "code": reason["code"],
        "where": where,
        "challenger": reason["challenger"],
        "limit": reason["limit"],
    }
