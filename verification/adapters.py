from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from enrollment.models import User
from enrollment.reauthentication import sign_up_record
from verification.services import failures_reset


class AccountAdapter(DefaultAccountAdapter):
    """The site's hooks into accounts."""

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """A full sign-in, by whatever means, starts the count of failed face tries afresh."""
        if kwargs.get("signup"):
            sign_up_record(request, user)
        failures_reset(user)
        return super().post_login(request, user, **kwargs)
