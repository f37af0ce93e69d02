"""Routes of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from faceverify_site import api_docs, developers, metrics, views, web_app

admin.autodiscover()
# The admin signs in as everybody does: with its limits on guessing, and never by face alone.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler400 = "faceverify_site.errors.bad_request"
handler404 = "faceverify_site.errors.page_not_found"
handler500 = "faceverify_site.errors.server_error"

api = [path("", include("enrollment.api.urls")), path("", include("verification.api.urls"))]

urlpatterns = [
    path("", views.home, name="home"),
    path("limits/", views.page, {"template": "pages/limits.html"}, name="limits"),
    path("privacy/", views.privacy, name="privacy"),
    path("developers/", developers.document, {"name": "verify_your_first_face.md"}, name="developers"),
    path("developers/api/", developers.document, {"name": "api.md"}, name="developers_api"),
    path("developers/webhooks/", developers.document, {"name": "webhooks.md"}, name="developers_webhooks"),
    path("face/", include("enrollment.urls")),
    path("", include("verification.urls")),
    path("accounts/", include("allauth.urls")),
    # Nobody has a phone number here.
    path("_allauth/app/v1/account/phone", views.absent, name="no_phone"),
    path("_allauth/app/v1/auth/phone/<path:rest>", views.absent, name="no_phone_to_verify"),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/v1/openapi.yaml", api_docs.openapi, name="openapi"),
    path("api/docs/", api_docs.swagger, name="api_docs"),
    path("api/redoc/", api_docs.redoc, name="api_redoc"),
    path("api/v1/", include(api)),
    path("admin/", admin.site.urls),
    path("manifest.webmanifest", web_app.manifest, name="manifest"),
    path("service-worker.js", web_app.service_worker, name="service_worker"),
    path("offline/", web_app.offline, name="offline"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
