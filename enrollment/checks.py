"""System checks: a site that could lose or leak a face does not start."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.db import Error as DatabaseError

from enrollment.crypto import keyring
from enrollment.errors import ModelUnavailable
from enrollment.models import ModelVersion
from enrollment.selectors import active_model_version

LONGEST_SOCKET_PATH = 100
YOUNGEST_AUDIT_DAYS = 365
# So long a recording that was shown is known again.
YOUNGEST_RECORDS_DAYS = 7
# With less, a worker has no room for the networks themselves.
LEAST_MEMORY_LIMIT_MB = 200
SITE = "site"  # tag of our own checks
START = "start"  # of those that ask the database, when web and workers start
MANIFEST = "manifest.json"  # as in ml.serving.artifacts, which the web process does not load


@register(SITE)
def check_encryption_keys(**_: Any) -> list[CheckMessage]:
    try:
        keyring()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="`make setup` writes a key to .env.", id="enrollment.E001")]
    return []


@register(SITE, deploy=True)
def check_mail(**_: Any) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return [
            CheckWarning(
                "EMAIL_URL is not set: mails, with names and the links that confirm them, go to the log.",
                id="enrollment.W001",
            )
        ]
    return []


@register(SITE)
def check_artifact(**_: Any) -> list[CheckMessage]:
    if not (Path(settings.FACE_MODEL) / MANIFEST).is_file():
        return [Error(f"FACE_MODEL: no artifact at {settings.FACE_MODEL}.", id="enrollment.E002")]
    return []


@register(SITE, START)
def check_active_model(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether the model in use is the one that this site signed.

    Commands name no databases, so they do not ask: those that put a model right have to run. What cannot be known yet
    (nothing registered, not migrated, a database that is away) stops nobody, since loading checks the same.
    """
    if not databases:
        return []
    try:
        version = active_model_version()
    except (ModelUnavailable, DatabaseError):
        return []
    flaw = _flaw(version) if version.is_signed else "its digest is not signed by this site"
    if not flaw:
        return []
    hint = "Restore the artifact, register it (manage.py register_model FOLDER), or go back (manage.py rollback_model)."
    return [Error(f"The model {version} is not to be trusted: {flaw}.", hint=hint, id="enrollment.E011")]


def _flaw(version: ModelVersion) -> str:
    """How the artifact's files differ from the version's digest; empty when they fit, or its storage is away."""
    try:
        manifest = _read(version, MANIFEST)
        if hashlib.sha256(manifest).hexdigest() != version.digest:
            return f"{MANIFEST} was altered"
        for name, facts in json.loads(manifest)["files"].items():
            if hashlib.sha256(_read(version, name)).hexdigest() != facts["sha256"]:
                return f"{name} was altered"
    except FileNotFoundError:
        return "files are missing"
    except OSError as error:
        return "" if _is_elsewhere(version) else f"files cannot be read ({error.strerror})"
    return ""


def _read(version: ModelVersion, name: str) -> bytes:
    """A file of the artifact, from where this machine would load it."""
    copy = settings.MODEL_CACHE / version.digest
    if _is_elsewhere(version) and not copy.is_dir():
        with storages["models"].open(f"{version.path}/{name}") as file:
            return bytes(file.read())
    return ((copy if _is_elsewhere(version) else Path(version.path)) / name).read_bytes()


def _is_elsewhere(version: ModelVersion) -> bool:
    """Whether it is kept in the storage of models, which all machines share."""
    return not Path(version.path).is_absolute()


@register(SITE)
def check_broker_socket(**_: Any) -> list[CheckMessage]:
    if not settings.REDIS_URL and len(str(settings.BROKER_SOCKET)) > LONGEST_SOCKET_PATH:
        return [
            Error(
                f"The path of the broker's socket is longer than {LONGEST_SOCKET_PATH} characters.",
                hint="Set VAR_DIR to a shorter path, or REDIS_URL to a running server.",
                id="enrollment.E003",
            )
        ]
    return []


@register(SITE)
def check_memory_limit(**_: Any) -> list[CheckMessage]:
    if settings.FACE_MEMORY_LIMIT_MB and settings.FACE_MEMORY_LIMIT_MB < LEAST_MEMORY_LIMIT_MB:
        return [
            Error(
                f"FACE_MEMORY_LIMIT_MB: expected 0 or at least {LEAST_MEMORY_LIMIT_MB},"
                f" got {settings.FACE_MEMORY_LIMIT_MB}.",
                id="enrollment.E007",
            )
        ]
    return []


@register(SITE)
def check_retraining(**_: Any) -> list[CheckMessage]:
    if settings.RETRAINING_PROMOTE not in ("manual", "automatic"):
        return [
            Error(
                f"RETRAINING_PROMOTE: expected manual or automatic, got {settings.RETRAINING_PROMOTE}.",
                id="enrollment.E010",
            )
        ]
    return []


@register(SITE)
def check_retention(**_: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if not 0 < settings.RETENTION_FACE_DAYS <= settings.LONGEST_RETENTION_DAYS:
        limit = settings.LONGEST_RETENTION_DAYS
        errors.append(Error(f"RETENTION_FACE_DAYS: expected 1 to {limit}.", id="enrollment.E005"))
    if settings.RETENTION_RECORDS_DAYS < YOUNGEST_RECORDS_DAYS:
        errors.append(
            Error(f"RETENTION_RECORDS_DAYS: expected at least {YOUNGEST_RECORDS_DAYS}.", id="enrollment.E012")
        )
    if settings.RETENTION_AUDIT_DAYS < YOUNGEST_AUDIT_DAYS:
        errors.append(
            Error(f"RETENTION_AUDIT_DAYS: expected at least {YOUNGEST_AUDIT_DAYS}.", id="enrollment.E006")
        )
    return errors
