from django.urls import path

from verification.api.codes import SignInCode
from verification.api.inquiries import (
    ComparisonDetail,
    ComparisonList,
    IdentificationDetail,
    IdentificationList,
)
from verification.api.subjects import SubjectVerification, SubjectVerifications
from verification.api.views import SessionDetail, SessionFrames, SessionList

app_name = "verification_api"
urlpatterns = [
    path("verification-sessions", SessionList.as_view(), name="sessions"),
    path("verification-sessions/<str:session_id>", SessionDetail.as_view(), name="session"),
    path("verification-sessions/<str:session_id>/frames", SessionFrames.as_view(), name="frames"),
    path("sign-in-code", SignInCode.as_view(), name="sign_in_code"),
    path("subjects/<uuid:subject_id>/verify", SubjectVerifications.as_view(), name="subject_verifications"),
    path(
        "subjects/<uuid:subject_id>/verify/<str:verification_id>",
        SubjectVerification.as_view(),
        name="subject_verification",
    ),
    path("compare", ComparisonList.as_view(), name="comparisons"),
    path("compare/<str:comparison_id>", ComparisonDetail.as_view(), name="comparison"),
    path("identify", IdentificationList.as_view(), name="identifications"),
    path("identify/<str:identification_id>", IdentificationDetail.as_view(), name="identification"),
]
