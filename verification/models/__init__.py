"""Verification sessions, the attempts made in them, the count of failures, and what else people ask about pictures."""

from verification.models.attempt import Attempt
from verification.models.comparison import Comparison
from verification.models.failure_count import FailureCount
from verification.models.identification import Identification
from verification.models.inquiry import Inquiry
from verification.models.seen_frame import SeenFrame
from verification.models.session import VerificationSession
from verification.models.source import Source, SourceFailure

__all__ = [
    "Attempt",
    "Comparison",
    "FailureCount",
    "Identification",
    "Inquiry",
    "SeenFrame",
    "Source",
    "SourceFailure",
    "VerificationSession",
]
