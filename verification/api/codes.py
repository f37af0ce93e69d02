"""A code by mail, for whose app the site asks for a face after the password, and for whom the face does not work."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.authentication import is_app
from enrollment.api.base import ApiView
from enrollment.api.schema import problems
from verification.api.serializers import NextStepSerializer
from verification.api.tokens import sign_in_by_code
from verification.errors import WrongCode
from verification.stages import face_stage


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.RegexField(
        r"^ *[!-~][ -~]*\Z",
        max_length=32,
        required=False,
        help_text="From the mail. Without it, a code is sent.",
    )


class SignInSerializer(serializers.Serializer[Any]):
    session_token = serializers.CharField(allow_null=True)
    next_step = NextStepSerializer(allow_null=True)


class SignInCode(ApiView):
    """Of a sign-in that waits for a face, which its token names."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="sign_in_code",
        summary="A mailed code in place of the face",
        description="For a sign-in that waits for the flow `face`. A code lasts ten minutes and five tries.",
        request=CodeSerializer,
        responses={200: SignInSerializer, 202: None} | problems(422),
        tags=["verification"],
    )
    def post(self, request: Request) -> Response:
        form = CodeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        http = request._request
        stage = face_stage(http) if is_app(http) else None
        if stage is None:
            raise NotAuthenticated
        if "code" not in form.validated_data:
            stage.code_send()
            return Response(status=status.HTTP_202_ACCEPTED)
        if not stage.code_check(form.validated_data["code"]):
            raise WrongCode
        answer = sign_in_by_code(http, stage).payload()
        return Response(answer, headers={"Cache-Control": "no-store"})
