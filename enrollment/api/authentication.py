from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class BrowserAuthentication(SessionAuthentication):
    """The site's own session cookie. Asks for the CSRF token of anonymous browsers too, which DRF would let off."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser | AnonymousUser, None] | None:
        self.enforce_csrf(request)
        return super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return "Session"
