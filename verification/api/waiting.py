from enrollment.api.waiting import LONGEST_WAIT_SECONDS, wait_seconds

__all__ = ["LONGEST_WAIT_SECONDS", "wait_seconds"]
