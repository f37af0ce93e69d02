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
from verification.models import VerificationSession
from verification.services import attempt_submit, attempt_wait, session_get, session_open
from verification.stages import login_for_face


class SessionList(ApiView):
    """Opens a verification session: to sign in (anybody), or for the signed-in person."""

    queues_face_check = True
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="verification_sessions_open",
        summary="Open a verification session",
        request=SessionOpenSerializer,
        responses={201: SessionSerializer} | problems(409),
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
        session = session_open(
            purpose=purpose,
            browser_key=browser_key(request, create=True),
            source=source_of(request) or None,
            user=user,
            login=login,
        )
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
        seconds = wait_seconds(request)
        return _answer(request, attempt_wait(session_id, key, seconds=seconds, submitted=attempt))


def _person(request: Request) -> User:
    if not request.user.is_authenticated:
        raise NotAuthenticated
    return user_of(request)


def _answer(request: Request, session: VerificationSession) -> Response:
    """The session; for an app, with what its success is good for. A browser posts that to a page of its own."""
    http = request._request
    sign_in = sign_in_by_face(http, session) if is_app(http) else None
    in_progress = session.state == VerificationSession.State.IN_PROGRESS
    code = status.HTTP_202_ACCEPTED if in_progress else status.HTTP_200_OK
    body = SessionSerializer(session).data | (sign_in.payload() if sign_in else {})
    return Response(body, status=code, headers={"Cache-Control": "no-store"})
