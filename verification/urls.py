from django.urls import path

from verification import views

app_name = "verification"
urlpatterns = [
    path("sign-in/face/", views.sign_in, name="sign_in"),
    path("sign-in/face/finish/", views.sign_in_finish, name="sign_in_finish"),
    path("sign-in/second/", views.second_factor, name="second_factor"),
    path("sign-in/second/code/", views.second_factor_code, name="second_factor_code"),
    path("verify/", views.verify, name="verify"),
    path("compare/", views.compare, name="compare"),
]
