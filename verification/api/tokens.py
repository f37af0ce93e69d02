"""What an app gets for a step of its sign-in: once, a session token."""

from dataclasses import dataclass

from allauth.headless.constants import Client
from allauth.headless.internal.decorators import mark_request_as_headless
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest

from enrollment.reauthentication import code_record
from verification.browser import browser_key
from verification.errors import FaceSignInClosed, SessionClosed
from verification.models import VerificationSession
from verification.services import session_consume
from verification.stages import FaceStage, face_login, pending_flow


@dataclass(frozen=True)
class SignIn:
    """Signed in, or waiting for the next step of `flow`, to which the token leads and which opens nothing else."""

    token: str
    flow: str | None = None

    def payload(self) -> dict[str, object]:
        if self.flow is None:
            return {"session_token": self.token, "next_step": None}
        step = {"code": "sign_in_step_required", "flow": self.flow, "session_token": self.token}
        return {"session_token": None, "next_step": step}


def sign_in_by_face(request: HttpRequest, session: VerificationSession) -> SignIn | None:
    """Uses up a success and signs in, by the steps that hold for every sign-in; nothing where it was used up before.

    Raises FaceSignInClosed where a face alone is not enough.
    """
    if session.purpose != session.Purpose.SIGN_IN or session.state != session.State.SUCCEEDED:
        return None
    try:
        user = session_consume(session.pk, browser_key(request))
    except SessionClosed:
        return None
    _mark(request)
    face_login(request, user)
    return _sign_in(request)


def sign_in_by_code(request: HttpRequest, stage: FaceStage) -> SignIn:
    """Goes on with a sign-in for which a mailed code was given in place of the face."""
    _mark(request)
    code_record(request, stage.login.user)
    stage.exit()
    return _sign_in(request)


def _mark(request: HttpRequest) -> None:
    """Has allauth answer an app: no redirects, no cookies, no messages."""
    mark_request_as_headless(request, Client.APP)
    request.allauth.headless._pre_user = request.user  # type: ignore[attr-defined]


def _sign_in(request: HttpRequest) -> SignIn:
    flow = pending_flow(request)
    if not request.user.is_authenticated and flow is None:
        raise FaceSignInClosed
    return SignIn(SessionTokenStrategy().create_session_token(request), flow)
