"""Writes of verification. Views, API and admin call these and nothing below them."""

from verification.services.attempts import attempt_submit, attempt_wait
from verification.services.failures import failures_reset
from verification.services.sessions import session_consume, session_get, session_open

__all__ = [
    "attempt_submit",
    "attempt_wait",
    "failures_reset",
    "session_consume",
    "session_get",
    "session_open",
]
