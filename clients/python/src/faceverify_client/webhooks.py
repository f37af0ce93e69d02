"""Receiving webhooks: whether one is really from the site (Standard Webhooks 1.0)."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from faceverify_client.errors import BadSignature

TOLERANCE_SECONDS = 300


@dataclass(frozen=True)
class Event:
    """What a webhook tells. `id` is the same when the site sends an event again: do its work once."""

    id: str
    kind: str
    data: dict[str, Any]


def webhook_verify(
    body: bytes, headers: Mapping[str, str], secret: str, *, now: float | None = None
) -> Event:
    """The event, if the site sent these very bytes within the last five minutes.

    Args:
        body: The body as it came, before any parsing.
        headers: Of the request, in any case.
        secret: As the admin showed it: `whsec_...`.
        now: Seconds since 1970; the clock's, if left out.

    Raises:
        BadSignature: Somebody else sent it, or it is an old one sent again.
    """
    told = {name.lower(): value for name, value in headers.items()}
    event_id, timestamp = told.get("webhook-id", ""), told.get("webhook-timestamp", "")
    _check_time(timestamp, time.time() if now is None else now)
    content = f"{event_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()
    given = (
        part.removeprefix("v1,") for part in told.get("webhook-signature", "").split() if part[:3] == "v1,"
    )
    if not any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in given):
        raise BadSignature("no signature of this secret fits")
    event = json.loads(body)
    return Event(id=event_id, kind=event["type"], data=event["data"])


def _check_time(timestamp: str, now: float) -> None:
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("not sent within the last five minutes")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("expected a webhook secret, whsec_ and base64") from error
