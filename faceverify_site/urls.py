"""Routes of the site."""

from django.contrib import admin
from django.urls import include, path

from faceverify_site import views

handler400 = "faceverify_site.errors.bad_request"
handler404 = "faceverify_site.errors.page_not_found"
handler500 = "faceverify_site.errors.server_error"

api = [path("", include("enrollment.api.urls")), path("", include("verification.api.urls"))]

urlpatterns = [
    path("", views.home, name="home"),
    path("limits/", views.page, {"template": "pages/limits.html"}, name="limits"),
    path("privacy/", views.page, {"template": "pages/privacy.html"}, name="privacy"),
    path("face/", include("enrollment.urls")),
    path("", include("verification.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include(api)),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
]
