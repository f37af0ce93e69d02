"""A phone's app, as far as tests of the API go: headers, and no cookies."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.faces import jpeg, portrait
from tests.factories import PASSWORD
from verification import jobs
from verification.models import Attempt

AUTH = "/_allauth/app/v1/auth"
SESSIONS = "/api/v1/verification-sessions"
DEVICE_KEY = "a secret of thirty-two characters or more"


def app(*, device: str = DEVICE_KEY, token: str = "") -> Client:
    """A client that checks for CSRF tokens, and sends none."""
    headers = {"X-Session-Token": token} if token else {"X-Device-Key": device}
    return Client(enforce_csrf_checks=True, headers=headers)


def give_password(login: str, password: str = PASSWORD):
    """The answer to a sign-in by password."""
    body = {"username": login, "password": password}
    return app().post(f"{AUTH}/login", body, content_type="application/json")


def signed_in(user) -> str:
    """The token of a sign-in by password."""
    return give_password(user.get_username()).json()["meta"]["session_token"]


def won(client: Client, *, login: str = "ada", purpose: str = "sign_in") -> str:
    """The address of a session in which the face of the portrait was shown, decided but not yet read."""
    body = {"purpose": purpose} | ({"login": login} if login else {})
    opened = client.post(SESSIONS, body, content_type="application/json")
    assert opened.status_code == 201, opened.content
    address = f"{SESSIONS}/{opened.json()['id']}"
    picture = SimpleUploadedFile("x.jpg", jpeg(portrait()))
    assert client.post(f"{address}/frames", {"image": picture}).status_code == 202
    jobs.attempt_decide(Attempt.objects.latest("pk").pk)
    return address
