"""`Idempotency-Key`: work that is asked for twice is done once, and answered twice.

The key belongs to whoever sends it (`callers.caller_of`) and to one request: method, address and fields. It is claimed
by a row before the work begins, so that of many requests at the same time one works and the others wait for its answer.
Answers that tell of a passing state (`PASSING`, and all of 5xx) are not kept: the same key may try again.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.api.callers import caller_of
from enrollment.crypto import keyed_digest
from enrollment.errors import IdempotencyInProgress, IdempotencyKeyOfNobody, IdempotencyKeyReused
from enrollment.models import StoredAnswer, User

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
WELL_FORMED = re.compile(r"[!-~]{1,255}")
PASSING = {401, 403, 409, 429}
# Secrets, faces and whose they are told once, and never kept; with what stands for them from then on.
TOLD_ONCE: dict[str, Any] = {"session_token": None, "crops": [], "candidates": []}
WAIT_SECONDS = 3.0
POLL_SECONDS = 0.05
RETRY_AFTER_SECONDS = 1
# Those who wait for another's answer leave most of a process's threads to those who work.
_places = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 4))


def claim_for(request: Request) -> StoredAnswer | None:
    """The row to work under, or one with the answer already; nothing where no key was sent.

    Raises IdempotencyKeyReused, IdempotencyInProgress, IdempotencyKeyOfNobody or ValidationError.
    """
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return None
    if not WELL_FORMED.fullmatch(key):
        raise ValidationError({HEADER: ["Expected 1 to 255 visible ASCII characters."]})
    caller = caller_of(request)
    if not caller:
        raise IdempotencyKeyOfNobody
    user = request.user if isinstance(request.user, User) else None
    slot = keyed_digest(f"{caller}\0{key}".encode(), context="idempotency")
    return _claim(slot, _request_digest(request), user)


def settle(claim: StoredAnswer, response: HttpResponseBase) -> None:
    """Keeps the answer, unless it tells of a passing state."""
    status = response.status_code
    data = response.data if isinstance(response, Response) else _json_of(response)
    if status in PASSING or status >= 500:
        claim.release()
    else:
        claim.store(status=status, answer=JSONRenderer().render(_without_secrets(data)) or b"null")


def replay(claim: StoredAnswer) -> Response:
    """The answer that was kept."""
    status = claim.status or 0
    problem = "application/problem+json" if status >= 400 else None
    return Response(claim.answer, status=status, content_type=problem, headers={REPLAYED_HEADER: "true"})


def _claim(slot: str, request_digest: str, user: User | None) -> StoredAnswer:
    with _place() as seconds:
        deadline = time.monotonic() + seconds
        while (row := _look(slot, request_digest, user)) is None:
            if time.monotonic() >= deadline:
                raise IdempotencyInProgress(retry_after_seconds=RETRY_AFTER_SECONDS)
            time.sleep(POLL_SECONDS)
        return row


@contextmanager
def _place() -> Iterator[float]:
    """A place to wait in, and for how long; no time at all when all places are taken."""
    if not _places.acquire(blocking=False):
        yield 0
        return
    try:
        yield WAIT_SECONDS
    finally:
        _places.release()


def _look(slot: str, request_digest: str, user: User | None) -> StoredAnswer | None:
    """The row if it is free, abandoned or answered; nothing while somebody else works under it."""
    row = StoredAnswer.objects.filter(slot=slot).first()
    if row is not None and row.is_expired:
        row.delete()
        row = None
    if row is None:
        return StoredAnswer.objects.claim(slot, request_digest=request_digest, user=user)
    if row.request_digest != request_digest:
        raise IdempotencyKeyReused
    done = row.status is not None or (row.is_abandoned and row.take_over())
    return row if done else None


def _request_digest(request: Request) -> str:
    """Digest of method, address and fields. The same fields in another encoding are the same."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}".encode())
    for part in _parts(request.data):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(data: Any) -> Iterator[bytes]:
    if not hasattr(data, "lists"):
        yield json.dumps(data, sort_keys=True).encode()
        return
    for name, values in sorted(data.lists()):
        yield name.encode(errors="surrogatepass")
        for value in values:
            yield _content(value)


def _content(value: Any) -> bytes:
    if not isinstance(value, UploadedFile):
        return str(value).encode(errors="surrogatepass")
    content: bytes = value.read()
    value.seek(0)
    return content


def _json_of(response: HttpResponseBase) -> Any:
    content = getattr(response, "content", b"")
    return json.loads(content) if content else None


def _without_secrets(data: Any) -> Any:
    if isinstance(data, dict):
        return {k: TOLD_ONCE[k] if k in TOLD_ONCE else _without_secrets(v) for k, v in data.items()}
    return [_without_secrets(v) for v in data] if isinstance(data, list) else data
