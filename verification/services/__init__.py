"""Writes of verification. Views, API and admin call these and nothing below them."""

from verification.services.attempts import attempt_submit, attempt_submit_alone, attempt_wait
from verification.services.comparisons import comparison_submit
from verification.services.failures import failure_count_reset, failures_reset
from verification.services.identifications import identification_submit
from verification.services.inquiries import inquiry_wait
from verification.services.overload import door
from verification.services.retention import retention_purge
from verification.services.sessions import session_consume, session_get, session_open
from verification.services.sources import source_unblock
from verification.services.subjects import subject_verification_wait, subject_verify

__all__ = [
    "attempt_submit",
    "attempt_submit_alone",
    "attempt_wait",
    "comparison_submit",
    "door",
    "failure_count_reset",
    "failures_reset",
    "identification_submit",
    "inquiry_wait",
    "retention_purge",
    "session_consume",
    "session_get",
    "session_open",
    "source_unblock",
    "subject_verification_wait",
    "subject_verify",
]
