from django.urls import path

from enrollment.api.consents import Consents
from enrollment.api.models import ModelActivate, ModelDetail, ModelList, ModelRollBack
from enrollment.api.promotions import PromotionCancel, PromotionDetail
from enrollment.api.training_runs import TrainingRunCancel, TrainingRunDetail, TrainingRunList
from enrollment.api.views import SampleDetail, SampleList

app_name = "enrollment_api"
urlpatterns = [
    path("me/consents", Consents.as_view(), name="consents"),
    path("samples", SampleList.as_view(), name="samples"),
    path("samples/<uuid:sample_id>", SampleDetail.as_view(), name="sample"),
    path("models", ModelList.as_view(), name="models"),
    path("models/roll-back", ModelRollBack.as_view(), name="model_roll_back"),
    path("models/<int:version_id>", ModelDetail.as_view(), name="model"),
    path("models/<int:version_id>/activate", ModelActivate.as_view(), name="model_activate"),
    path("promotions/<int:promotion_id>", PromotionDetail.as_view(), name="promotion"),
    path("promotions/<int:promotion_id>/cancel", PromotionCancel.as_view(), name="promotion_cancel"),
    path("training-runs", TrainingRunList.as_view(), name="training_runs"),
    path("training-runs/<int:run_id>", TrainingRunDetail.as_view(), name="training_run"),
    path("training-runs/<int:run_id>/cancel", TrainingRunCancel.as_view(), name="training_run_cancel"),
]
