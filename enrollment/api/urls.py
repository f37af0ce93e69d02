from django.urls import path

from enrollment.api.consents import Consents
from enrollment.api.views import SampleDetail, SampleList

app_name = "enrollment_api"
urlpatterns = [
    path("me/consents", Consents.as_view(), name="consents"),
    path("samples", SampleList.as_view(), name="samples"),
    path("samples/<uuid:sample_id>", SampleDetail.as_view(), name="sample"),
]
