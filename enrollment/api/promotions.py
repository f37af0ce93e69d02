"""Changes of the active model version: how far one is, and calling it off."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.schema import problems
from enrollment.api.staff import CAN_PROMOTE, StaffView
from enrollment.models import Promotion
from enrollment.selectors import user_of
from enrollment.services import promotion_cancel

READS = ("enrollment.view_modelversion",)


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    version = serializers.CharField(source="version.name")
    previous = serializers.CharField(
        source="previous.name", default=None, allow_null=True, help_text="The version that it replaced."
    )
    failure = serializers.CharField(help_text="Stable code; empty unless it failed.")
    percent = serializers.IntegerField(help_text="0 to 100.")

    class Meta:
        model = Promotion
        fields = (
            *("id", "version", "version_id", "previous", "state", "is_roll_back", "done", "total", "percent"),
            *("failure", "failure_detail", "created_at", "finished_at"),
        )


class PromotionDetail(StaffView):
    """One change of the active version."""

    reads, changes = READS, CAN_PROMOTE

    @extend_schema(
        operation_id="promotions_read",
        summary="How far a promotion is",
        responses={200: PromotionSerializer} | problems(404),
        tags=["models"],
    )
    def get(self, request: Request, promotion_id: int) -> Response:
        return Response(promotion_json(_promotion(promotion_id)))


class PromotionCancel(StaffView):
    """Calls a promotion off."""

    changes = CAN_PROMOTE

    @extend_schema(
        operation_id="promotions_cancel",
        summary="Call a promotion off: the version in use stays",
        request=None,
        responses={200: PromotionSerializer} | problems(404, 409),
        tags=["models"],
    )
    def post(self, request: Request, promotion_id: int) -> Response:
        promotion_cancel(_promotion(promotion_id), actor=user_of(request))
        return Response(promotion_json(_promotion(promotion_id)))


def promotion_json(promotion: Promotion) -> dict[str, Any]:
    return dict(PromotionSerializer(promotion).data)


def _promotion(promotion_id: int) -> Promotion:
    return get_object_or_404(Promotion.objects.select_related("version", "previous"), pk=promotion_id)
