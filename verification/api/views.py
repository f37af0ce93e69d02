from rest_framework import status
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.base import ApiView
from enrollment.origin import source_of
from verification.api.serializers import FramesSerializer, SessionOpenSerializer, SessionSerializer
from verification.api.waiting import wait_seconds
from verification.browser import browser_key
from verification.models import VerificationSession
from verification.services import attempt_submit, attempt_wait, session_get, session_open
from verification.stages import login_for_face


class SessionList(ApiView):
    """Opens a verification session: to sign in (anybody), or to verify the signed-in person."""

    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        form = SessionOpenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        purpose = form.validated_data["purpose"]
        if purpose != VerificationSession.Purpose.SIGN_IN and not request.user.is_authenticated:
            raise NotAuthenticated
        login = form.validated_data.get("login", "")
        if purpose == VerificationSession.Purpose.SIGN_IN:
            login = login_for_face(request, login)
        session = session_open(
            purpose=purpose,
            browser_key=browser_key(request, create=True),
            source=source_of(request) or None,
            user=request.user if request.user.is_authenticated else None,
            login=login,
        )
        return Response(SessionSerializer(session).data, status=status.HTTP_201_CREATED)


class SessionDetail(ApiView):
    """A verification session of this browser, as it is now."""

    permission_classes = [AllowAny]

    def get(self, request: Request, session_id: str) -> Response:
        return _answer(attempt_wait(session_id, browser_key(request), seconds=wait_seconds(request)))


class SessionFrames(ApiView):
    """Takes in a picture to compare, or the frames that answer the challenge.

    With `Prefer: wait=N` the answer comes when it is decided, after N s at most.
    """

    permission_classes = [AllowAny]

    def post(self, request: Request, session_id: str) -> Response:
        form = FramesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = browser_key(request)
        attempt_submit(session_get(session_id, key), *form.validated_data["image"])
        return _answer(attempt_wait(session_id, key, seconds=wait_seconds(request)))


def _answer(session: VerificationSession) -> Response:
    in_progress = session.state == VerificationSession.State.IN_PROGRESS
    code = status.HTTP_202_ACCEPTED if in_progress else status.HTTP_200_OK
    return Response(SessionSerializer(session).data, status=code)
