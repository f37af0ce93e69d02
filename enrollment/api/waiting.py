import re

from rest_framework.request import Request

from enrollment.api.base import preference_apply

LONGEST_WAIT_SECONDS = 10


def wait_seconds(request: Request) -> int:
    """What `Prefer: wait=N` asks for (RFC 7240, section 4.3), within reason."""
    wanted = re.search(r"\bwait=(\d{1,6})\b", request.headers.get("Prefer", ""))
    if wanted is None:
        return 0
    seconds = min(int(wanted[1]), LONGEST_WAIT_SECONDS)
    preference_apply(request, f"wait={seconds}")
    return seconds
