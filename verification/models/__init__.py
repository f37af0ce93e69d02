"""Verification sessions, the attempts made in them, and the count of failures."""

from verification.models.attempt import Attempt
from verification.models.failure_count import FailureCount
from verification.models.session import VerificationSession

__all__ = ["Attempt", "FailureCount", "VerificationSession"]
