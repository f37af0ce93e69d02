"""What the worker does. The only modules, beside commands, that import `ml`."""

from verification.jobs.attempts import attempt_decide, attempts_claim_lost
from verification.jobs.sessions import sessions_expire

__all__ = ["attempt_decide", "attempts_claim_lost", "sessions_expire"]
