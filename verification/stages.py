"""Where the face comes into signing in, as FACE_SIGN_IN says: instead of the password, after it, or not at all."""

import secrets
import time
from typing import Any

from allauth.account.internal.stagekit import get_pending_stage, stash_login
from allauth.account.stages import LoginStage
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from rest_framework.request import Request

from enrollment.crypto import keyed_digest
from enrollment.models import Consent, User
from enrollment.notices import Notice, notice_send
from enrollment.reauthentication import face_record, has_second_factor
from enrollment.selectors import anchor_status, has_consent, subject_of
from verification.errors import FaceSignInClosed, TooManyCodes
from verification.models import VerificationSession
from verification.policy import FaceSignIn
from verification.selectors import comparable_subject

# Without letters and digits that look alike.
ALPHABET, CODE_LENGTH = "ABCDEFGHJKMNPQRSTVWXYZ23456789", 8
CODE_PAGE = "verification:second_factor_code"
CODE_SECONDS, CODE_TRIES, CODE_PAUSE_SECONDS = 600, 5, 60


class FaceStage(LoginStage):  # type: ignore[misc]
    """After the password: the face, or a code by mail for whom the face does not work."""

    key = "face"
    urlname = "verification:second_factor"

    def handle(self) -> tuple[HttpResponseRedirect | None, bool]:
        if not self._is_needed():
            return None, True
        self.state["password"] = self.login.user.get_session_auth_hash()
        return HttpResponseRedirect(reverse(self.urlname if self.face_counts() else CODE_PAGE)), True

    def exit(self) -> HttpResponse:
        """Goes on, unless the password has been changed since it was given."""
        now = self.login.user.get_session_auth_hash()
        given = constant_time_compare(self.state.get("password", ""), now)
        answer: HttpResponse = super().exit() if given else self.abort()
        return answer

    def _is_needed(self) -> bool:
        """Of everybody who gave a face. Where it does not count, as that of staff, the code by mail is left."""
        user = self.login.user
        if self.login.signup or has_second_factor(self.request, user):
            return False
        subject = subject_of(user)
        has_face = has_consent(subject, Consent.Purpose.SIGN_IN) and anchor_status(subject).usable
        return has_face and (self.face_counts() or bool(user.email))

    def face_counts(self) -> bool:
        """Whether the person's face may be compared at all."""
        session = VerificationSession(purpose=VerificationSession.Purpose.SIGN_IN, user=self.login.user)
        return comparable_subject(session) is not None

    def code_send(self) -> None:
        """Mails a code that does in place of the face. Raises TooManyCodes from the fourth in a minute on."""
        key = str(self.login.user.pk)
        if not ratelimit.consume(self.request, action="request_login_code", key=key):
            raise TooManyCodes(retry_after_seconds=CODE_PAUSE_SECONDS)
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        self.state.update(code=_digest(code), sent_at=time.time(), tries=0)
        stash_login(self.request, self.login)
        notice_send(self.login.user, Notice.SIGN_IN_CODE, code=code)

    def code_check(self, code: str) -> bool:
        """Whether this is the code that was mailed last; every question counts."""
        known = self.state.get("code", "")
        open_ = (
            self.state.get("tries", 0) < CODE_TRIES
            and time.time() - self.state.get("sent_at", 0) < CODE_SECONDS
        )
        self.state["tries"] = self.state.get("tries", 0) + 1
        stash_login(self.request, self.login)
        return bool(known) and open_ and constant_time_compare(known, _digest(code.strip().upper()))


def _digest(code: str) -> str:
    return keyed_digest(code.encode(), context="sign-in code")


def face_stage(request: HttpRequest | Request) -> FaceStage | None:
    """The sign-in of this browser that waits for a face, if any."""
    stage: Any = get_pending_stage(request)
    return stage if isinstance(stage, FaceStage) else None


def pending_flow(request: HttpRequest) -> str | None:
    """The step that a sign-in waits for, as `/_allauth/app/v1/` names it."""
    stage: Any = get_pending_stage(request)
    return str(stage.key) if stage else None


def face_login(request: HttpRequest, user: User, *, redirect_url: str | None = None) -> HttpResponse:
    """Signs in whose face was shown, or takes their sign-in a step on. Raises FaceSignInClosed."""
    stage = face_stage(request)
    if stage is None and settings.FACE_SIGN_IN != FaceSignIn.PASSWORDLESS:
        raise FaceSignInClosed
    face_record(request, user)
    answer: HttpResponse
    if stage is None:
        answer = perform_login(request, user, redirect_url=redirect_url)
    else:
        answer = stage.exit() if stage.login.user == user else stage.abort()
    return answer


def login_for_face(request: HttpRequest | Request, login: str) -> str:
    """The account that a face may be shown for. Raises FaceSignInClosed where the policy says so."""
    if settings.FACE_SIGN_IN == FaceSignIn.PASSWORDLESS:
        return login
    stage = face_stage(request) if settings.FACE_SIGN_IN == FaceSignIn.SECOND_FACTOR else None
    if stage is None:
        raise FaceSignInClosed
    user: User = stage.login.user
    return user.get_username()
