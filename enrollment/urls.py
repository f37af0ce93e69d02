from django.urls import path

from enrollment import views

app_name = "enrollment"
urlpatterns = [
    path("", views.anchors, name="anchors"),
    path("consent/", views.consent, name="consent"),
    path("consent/withdraw/", views.consent_withdrawal, name="consent_withdraw"),
    path("samples/<uuid:sample_id>/crop/", views.sample_crop, name="sample_crop"),
    path("account/delete/", views.account_delete, name="account_delete"),
    path("export/", views.export, name="export"),
    path("erase/", views.erase, name="erase"),
]
