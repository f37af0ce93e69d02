"""Admin pages of verification."""

from verification.admin.identifications import IdentificationAdmin
from verification.admin.limits import FailureCountAdmin, SourceAdmin
from verification.admin.sign_ins import AttemptAdmin, VerificationSessionAdmin

__all__ = [
    "AttemptAdmin",
    "FailureCountAdmin",
    "IdentificationAdmin",
    "SourceAdmin",
    "VerificationSessionAdmin",
]
