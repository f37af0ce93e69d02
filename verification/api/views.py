from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.authentication import is_app
from enrollment.api.base import ApiView
from enrollment.api.schema import WAITING, problems
from enrollment.api.waiting import wait_seconds
from enrollment.models import User
from enrollment.origin import source_of
from enrollment.selectors import user_of
from verification.api.serializers import FramesSerializer, SessionOpenSerializer, SessionSerializer
from verification.api.tokens import sign_in_by_face
from verification.browser import browser_key
from verification.models import Attempt, VerificationSession
from verification.services import (
    attempt_submit,
    attempt_submit_alone,
    attempt_wait,
    session_get,
    session_open,
)
from verification.stages import login_for_face


class SessionList(ApiView):
    """Opens a verification session, to sign in (anybody) or for the signed-in person; may decide it at once."""

    queues_face_check = True
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="verification_sessions_open",
        summary="Open a verification session",
        description="To sign in (anybody), or for the signed-in person. A `verify` may bring its picture along; with "
        "`Prefer: wait=N`, which counts only then, one request does it all.",
        request=SessionOpenSerializer,
        parameters=WAITING,
        responses={200: SessionSerializer, 201: SessionSerializer, 202: SessionSerializer}
        | problems(409, 413, 415, 422),
        tags=["verification"],
    )
    def post(self, request: Request) -> Response:
        form = SessionOpenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        purpose, login = form.validated_data["purpose"], form.validated_data.get("login", "")
        user: User | None = None
        if purpose == VerificationSession.Purpose.SIGN_IN:
            login = login_for_face(request, login)
        else:
            user, login = _person(request), ""
        key = browser_key(request, create=True)
        session = session_open(
            purpose=purpose,
            browser_key=key,
            source=source_of(request) or None,
            user=user,
            login=login,
        )
        if "image" in form.validated_data:
            (image,) = form.validated_data["image"]
            return _decided(request, key, attempt_submit_alone(session, image))
        return Response(SessionSerializer(session).data, status=status.HTTP_201_CREATED)


class SessionDetail(ApiView):
    """A verification session of this browser or app, as it is now."""

    permission_classes = [AllowAny]
    http_method_names = ["get", "options"]  # HEAD would use up a token that nobody gets to read

    @extend_schema(
        operation_id="verification_sessions_read",
        summary="Read the verdict",
        description="An app's `sign_in` that succeeded answers with its session token, once.",
        parameters=WAITING,
        responses={200: SessionSerializer, 202: SessionSerializer},
        tags=["verification"],
    )
    def get(self, request: Request, session_id: str) -> Response:
        seconds = wait_seconds(request)
        return _answer(request, attempt_wait(session_id, browser_key(request), seconds=seconds))


class SessionFrames(ApiView):
    """Takes in a picture to compare, or the frames that answer the challenge."""

    queues_face_check = True
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="verification_sessions_send_frames",
        summary="Show the face",
        description="A picture, or the frames that answer the challenge. With `Prefer: wait=N` the answer is that of "
        "the session once it is decided.",
        request=FramesSerializer,
        parameters=WAITING,
        responses={200: SessionSerializer, 202: SessionSerializer} | problems(409, 413, 415, 422),
        tags=["verification"],
    )
    def post(self, request: Request, session_id: str) -> Response:
        form = FramesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = browser_key(request)
        attempt = attempt_submit(session_get(session_id, key), *form.validated_data["image"])
        return _decided(request, key, attempt)


def _person(request: Request) -> User:
    if not request.user.is_authenticated:
        raise NotAuthenticated
    return user_of(request)


def _decided(request: Request, key: str, attempt: Attempt) -> Response:
    """The session once the picture is decided, or after as long as the request is ready to wait."""
    session = attempt_wait(attempt.session_id, key, seconds=wait_seconds(request), submitted=attempt)
    return _answer(request, session)


def _answer(request: Request, session: VerificationSession) -> Response:
    """The session; for an app, with what its success is good for. A browser posts that to a page of its own."""
    http = request._request
    sign_in = sign_in_by_face(http, session) if is_app(http) else None
    in_progress = session.state == VerificationSession.State.IN_PROGRESS
    code = status.HTTP_202_ACCEPTED if in_progress else status.HTTP_200_OK
    body = SessionSerializer(session).data | (sign_in.payload() if sign_in else {})
    return Response(body, status=code, headers={"Cache-Control": "no-store"})
