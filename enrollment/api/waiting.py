import re
import time
from typing import Any

from rest_framework.request import Request

LONGEST_WAIT_SECONDS = 10
RETRY_SECONDS = 1
ASKED = "faceverify.wait_asked"


def wait_seconds(request: Request) -> int:
    """What `Prefer: wait=N` asks for (RFC 7240, section 4.3), within reason."""
    wanted = re.search(r"\bwait=(\d{1,6})\b", request.headers.get("Prefer", ""))
    seconds = min(int(wanted[1]), LONGEST_WAIT_SECONDS) if wanted else 0
    request._request.META[ASKED] = seconds, time.monotonic()
    return seconds


def tell(request: Any, answer: Any) -> None:
    """Has the answer to somebody who might wait say whether it was waited for, or when to ask again.

    What is unfinished before its time is up was not waited for: nobody asked to, or too many wait already.
    """
    if ASKED not in request.META:
        return
    seconds, since = request.META[ASKED]
    if answer.status_code == 202 and (not seconds or time.monotonic() < since + seconds):
        answer["Retry-After"] = str(RETRY_SECONDS)
    elif seconds:
        answer["Preference-Applied"] = f"wait={seconds}"
