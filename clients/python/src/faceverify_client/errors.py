"""What can go wrong, as exceptions."""

from typing import Any

import httpx


class FaceVerifyError(Exception):
    """Base of all that this package raises."""


class Problem(FaceVerifyError):
    """The site refused (RFC 9457). `code` is stable, `detail` is for people.

    Attributes:
        status: HTTP status.
        code: What went wrong, in a word that does not change.
        detail: What went wrong, in a sentence.
        request_id: Names the request in the site's logs.
        retry_after: Seconds after which it makes sense to try again, where the site says so.
        errors: Of which fields, for `code == "invalid"`.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        detail: str,
        request_id: str = "",
        retry_after: float | None = None,
        errors: Any = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}" + (f" {errors}" if errors else ""))
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after
        self.errors = errors


class Unreachable(FaceVerifyError):
    """The site did not answer, as often as it was tried."""


class Unfinished(FaceVerifyError):
    """The work was accepted, but is not done within the client's patience. `answer` is how it stands."""

    def __init__(self, answer: Any) -> None:
        super().__init__("The work is not done yet; ask for it again later.")
        self.answer = answer


class BadSignature(FaceVerifyError):
    """A webhook that this site did not send, or not now."""


def problem_of(response: httpx.Response) -> Problem:
    """The problem that an answer tells of. Proxies on the way may answer in other forms."""
    try:
        body = response.json()
    except ValueError:
        body = None
    told = body if isinstance(body, dict) else {}
    return Problem(
        status=response.status_code,
        code=str(told.get("code", "unexpected_answer")),
        detail=str(told.get("detail", response.reason_phrase)),
        request_id=str(told.get("request_id") or response.headers.get("X-Request-ID", "")),
        retry_after=_seconds(response.headers.get("Retry-After", "")),
        errors=told.get("errors"),
    )


def _seconds(header: str) -> float | None:
    return float(header) if header.isdecimal() else None
