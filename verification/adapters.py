from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import is_headless_request
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from enrollment.crypto import MFA_CONTEXT, seal_text, unseal_text
from enrollment.models import User
from enrollment.notices import Notice, notice_send
from enrollment.origin import source_of
from enrollment.reauthentication import is_strong, sign_up_record
from enrollment.selectors import older_consents, subject_of, user_of
from verification.browser import browser_key
from verification.policy import FaceSignIn
from verification.selectors import has_signed_in_from
from verification.services import failures_reset

DEVICE_COOKIE, DEVICE_SECONDS, DEVICE_USERS = "device", 365 * 24 * 3600, 10
DEVICE_SALT = "verification.device"


class AccountAdapter(DefaultAccountAdapter):
    """The site's hooks into accounts."""

    def get_login_stages(self) -> list[str]:
        stages: list[str] = super().get_login_stages()
        second = settings.FACE_SIGN_IN == FaceSignIn.SECOND_FACTOR
        return [*stages, "verification.stages.FaceStage"] if second else stages

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To the consent page while its wording is newer than what was agreed to."""
        if older_consents(subject_of(user_of(request))):
            return reverse("enrollment:consent")
        return str(super().get_login_redirect_url(request))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """A full sign-in, by whatever means, starts the count of failed face tries afresh."""
        if kwargs.get("signup"):
            sign_up_record(request, user)
        failures_reset(user)
        response = super().post_login(request, user, **kwargs)
        if is_headless_request(request):
            _app_notice(request, user)
        else:
            _device_remember(request, response, user)
        return response

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        """There are no phone numbers here, though django-allauth's API has routes for them."""
        raise Http404

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the site's own limits go by."""
        return source_of(request) or super().get_client_ip(request)


def _app_notice(request: HttpRequest, user: User) -> None:
    """Tells those whose face opened an app that never signed them in before; apps keep no cookies."""
    if not is_strong(request) and not has_signed_in_from(user, browser_key(request)):
        notice_send(user, Notice.NEW_DEVICE)


def _device_remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Notes in a cookie who has signed in here, and tells those whose face opened a device new to them."""
    try:
        known = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_SALT, max_age=DEVICE_SECONDS
        )
    except signing.BadSignature:
        known = []
    if user.pk not in known and not is_strong(request):
        notice_send(user, Notice.NEW_DEVICE)
    known = [user.pk, *(other for other in known if other != user.pk)][:DEVICE_USERS]
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps(known, salt=DEVICE_SALT),
        max_age=DEVICE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes are encrypted like faces."""

    def encrypt(self, text: str) -> str:
        return seal_text(text, context=MFA_CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal_text(encrypted_text, context=MFA_CONTEXT)
