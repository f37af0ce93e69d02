"""System checks: a site that could lose or leak a face does not start."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from enrollment.crypto import keyring

LONGEST_SOCKET_PATH = 100
YOUNGEST_AUDIT_DAYS = 365
# With less, a worker has no room for the networks themselves.
LEAST_MEMORY_LIMIT_MB = 200
SITE = "site"  # tag of our own checks


@register(SITE)
def check_encryption_keys(**_: Any) -> list[CheckMessage]:
    try:
        keyring()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="`make setup` writes a key to .env.", id="enrollment.E001")]
    return []


@register(SITE)
def check_artifact(**_: Any) -> list[CheckMessage]:
    if not (Path(settings.FACE_MODEL) / "manifest.json").is_file():
        return [Error(f"FACE_MODEL: no artifact at {settings.FACE_MODEL}.", id="enrollment.E002")]
    return []


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
    if settings.RETENTION_AUDIT_DAYS < YOUNGEST_AUDIT_DAYS:
        errors.append(
            Error(f"RETENTION_AUDIT_DAYS: expected at least {YOUNGEST_AUDIT_DAYS}.", id="enrollment.E006")
        )
    return errors
