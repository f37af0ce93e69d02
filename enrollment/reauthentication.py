"""How a browser's session was opened: a face alone opens fewer doors than a password or a passkey."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from rest_framework.request import Request

from enrollment.errors import ReauthenticationNeeded
from enrollment.models import User

FACE = "face"
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def face_record(request: HttpRequest, user: User) -> None:
    """Notes in the session that a face was shown."""
    record_authentication(request, user, method=FACE)


def code_record(request: HttpRequest, user: User) -> None:
    """Notes in the session that a mailed code was given."""
    record_authentication(request, user, method="code")


def sign_up_record(request: HttpRequest, user: User) -> None:
    """Notes in the session that the person has just chosen a password, which is as good as giving it."""
    record_authentication(request, user, method="password", signup=True)


def _strong_records(request: HttpRequest | Request) -> list[dict[str, Any]]:
    return [
        record for record in get_authentication_records(request, request.user) if record["method"] != FACE
    ]


def is_strong(request: HttpRequest | Request) -> bool:
    """Whether something other than a face helped to open the session."""
    return bool(_strong_records(request))


def has_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether an authenticator app, a passkey, a recovery code or a face was shown in this sign-in."""
    return any(record["method"] in {"mfa", FACE} for record in get_authentication_records(request, user))


def is_fresh(request: HttpRequest | Request) -> bool:
    """Whether something other than a face was shown within the last minutes."""
    newest = max((record["at"] for record in _strong_records(request)), default=0.0)
    return bool(time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def require_fresh(request: Request) -> None:
    """For the API. Raises ReauthenticationNeeded."""
    if not is_fresh(request):
        raise ReauthenticationNeeded


def fresh_required(view: View, *, resumes: bool = True) -> View:
    """For pages: whoever changes something shows anew who they are, and then goes on where they were.

    Until then the session keeps what was posted, unless `resumes` is false: passwords belong in no session.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not is_fresh(request):
            reauthenticate = reverse("account_reauthenticate")
            if not resumes:
                return HttpResponseRedirect(
                    f"{reauthenticate}?{urlencode({'next': request.get_full_path()})}"
                )
            answer: HttpResponseBase = suspend_request(request, reauthenticate)
            return answer
        return view(request, *args, **kwargs)

    return cast(View, guarded)
