from django.urls import path

from enrollment.api.consents import Consents
from enrollment.api.imports import ImportDetail, ImportList
from enrollment.api.me import Me
from enrollment.api.models import ModelActivate, ModelDetail, ModelList, ModelRollBack
from enrollment.api.promotions import PromotionCancel, PromotionDetail
from enrollment.api.subjects import (
    SubjectConsents,
    SubjectDetail,
    SubjectList,
    SubjectSample,
    SubjectSamples,
)
from enrollment.api.training_runs import TrainingRunCancel, TrainingRunDetail, TrainingRunList
from enrollment.api.views import SampleDetail, SampleList

app_name = "enrollment_api"
urlpatterns = [
    path("me", Me.as_view(), name="me"),
    path("me/consents", Consents.as_view(), name="consents"),
    path("samples", SampleList.as_view(), name="samples"),
    path("samples/<uuid:sample_id>", SampleDetail.as_view(), name="sample"),
    path("subjects", SubjectList.as_view(), name="subjects"),
    path("subjects/import", ImportList.as_view(), name="imports"),
    path("subjects/import/<uuid:import_id>", ImportDetail.as_view(), name="import"),
    path("subjects/<uuid:subject_id>", SubjectDetail.as_view(), name="subject"),
    path("subjects/<uuid:subject_id>/consents", SubjectConsents.as_view(), name="subject_consents"),
    path("subjects/<uuid:subject_id>/samples", SubjectSamples.as_view(), name="subject_samples"),
    path(
        "subjects/<uuid:subject_id>/samples/<uuid:sample_id>", SubjectSample.as_view(), name="subject_sample"
    ),
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
