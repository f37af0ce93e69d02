"""What the worker does. The only modules, beside commands, that import `ml`."""

from verification.jobs.attempts import attempt_decide, attempts_claim_lost, locks_claim_untold
from verification.jobs.comparisons import comparison_decide
from verification.jobs.identifications import identification_decide
from verification.jobs.inquiries import inquiries_sweep
from verification.jobs.sessions import sessions_expire

__all__ = [
    "attempt_decide",
    "attempts_claim_lost",
    "comparison_decide",
    "identification_decide",
    "inquiries_sweep",
    "locks_claim_untold",
    "sessions_expire",
]
