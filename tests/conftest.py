"""What every test can ask for: the cast of users, and clients for them."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from tests.settings import TEST_VAR_DIR


def pytest_unconfigure() -> None:
    shutil.rmtree(TEST_VAR_DIR, ignore_errors=True)


@pytest.fixture
def owner(db):
    from tests.factories import ConsentFactory

    return ConsentFactory().subject.user


@pytest.fixture
def stranger(db):
    from tests.factories import UserFactory

    return UserFactory()


@pytest.fixture
def staff(db):
    from tests.factories import UserFactory

    return UserFactory(is_staff=True)


@pytest.fixture
def browser_of():
    """Makes a client signed in as a user, or an anonymous one."""

    def make(user=None, *, api: bool = False) -> Client:
        client = APIClient() if api else Client()
        if user is not None:
            client.force_login(user)
            show_password(client, user)
        return client

    return make


@pytest.fixture
def backend_of(db):
    """Makes a client that sends a service key with these scopes."""
    from tests.factories import service_key

    def make(*scopes: str, **more) -> Client:
        return Client(headers={"X-API-Key": service_key(*scopes, **more)[1]})

    return make


def show_password(client: Client, user, *, seconds_ago: float = 0, method: str = "password") -> None:
    """What allauth notes in the session when somebody signs in."""
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": method, "at": time.time() - seconds_ago}]
    session.save()


@pytest.fixture(scope="session")
def broker() -> Iterator[None]:
    """A real broker for queued ids: the one of REDIS_URL, or the embedded one."""
    if settings.REDIS_URL:
        yield
        return
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_broker"], cwd=settings.BASE_DIR, env=environment
    )
    deadline = time.monotonic() + 20
    while not settings.BROKER_SOCKET.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield
    process.terminate()
    process.wait(10)
