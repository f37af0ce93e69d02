from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.internal.httpkit import is_headless_request
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from enrollment.crypto import MFA_CONTEXT, seal_text, unseal_text
from enrollment.models import User
from enrollment.notices import Notice, notice_send
from enrollment.origin import source_of
from enrollment.reauthentication import FACE, is_fresh, sign_up_record
from enrollment.selectors import older_consents, subject_of, user_of
from verification.browser import browser_key
from verification.policy import FaceSignIn
from verification.selectors import has_signed_in_from
from verification.services import failures_reset

DEVICE_COOKIE, DEVICE_SECONDS, DEVICE_USERS = "device", 365 * 24 * 3600, 10
DEVICE_SALT = "verification.device"
# What was shown at a sign-in, by the names that django-allauth notes in the session.
MEANS = {
    "password": "a password",
    "code": "a code by mail",
    "totp": "an authenticator app",
    "recovery_codes": "a recovery code",
    "webauthn": "a passkey",
    FACE: "a face",
}


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
        if not kwargs.get("signup") and not _is_known(request, user):
            _tell_of_device(request, user)
        if not is_headless_request(request):
            _device_remember(request, response, user)
        return response

    def is_reauthentication_required(self, *, app: str = "") -> bool:
        """Nor does a face alone do for whoever has no password and no second factor to show: allauth lets them pass."""
        request = self.request
        if not get_reauthentication_flows(request.user) and not is_fresh(request):
            raise PermissionDenied
        return super().is_reauthentication_required(app=app)

    def set_password(self, user: User, password: str) -> None:
        """Whose first password this is has shown something else lately, and not a face."""
        request = self.request
        if request.user.is_authenticated and not user.has_usable_password() and not is_fresh(request):
            raise PermissionDenied
        super().set_password(user, password)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the site's own limits go by."""
        return source_of(request) or super().get_client_ip(request)


def _is_known(request: HttpRequest, user: User) -> bool:
    """Whether this browser has signed the account in before.

    Apps keep no cookies: one is known once a face opened it, by its device key.
    """
    if is_headless_request(request):
        return has_signed_in_from(user, browser_key(request))
    return user.pk in _known_users(request)


def _known_users(request: HttpRequest) -> list[int]:
    """Who has signed in here, the latest first."""
    try:
        known: list[int] = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_SALT, max_age=DEVICE_SECONDS
        )
    except signing.BadSignature:
        return []
    return known


def _tell_of_device(request: HttpRequest, user: User) -> None:
    """Mails the owner what was shown on a device new to them."""
    shown = [record.get("type", record["method"]) for record in get_authentication_records(request, user)]
    means = " and ".join(dict.fromkeys(MEANS.get(name, "another means") for name in shown))
    notice_send(user, Notice.NEW_DEVICE, means=means)


def _device_remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Notes in a cookie who has signed in here."""
    known = [user.pk, *(other for other in _known_users(request) if other != user.pk)][:DEVICE_USERS]
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
