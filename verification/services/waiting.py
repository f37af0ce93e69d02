from enrollment.services.waiting import wait_for

__all__ = ["wait_for"]
