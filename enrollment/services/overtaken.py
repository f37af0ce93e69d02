"""Erasing while others go on."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, transaction

TRIES = 3
Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def persistently(erase: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Makes it one transaction that begins again when another one got in its way.

    Rows are looked up and then deleted. A verification that begins in between adds one that nobody looked up, and the
    deletion fails, or each waits for a row of the other and the database ends one of them.
    """

    @wraps(erase)
    def persistent(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        for _ in range(TRIES - 1):
            try:
                with transaction.atomic():
                    return erase(*args, **kwargs)
            except (IntegrityError, OperationalError):
                continue
        with transaction.atomic():
            return erase(*args, **kwargs)

    return persistent
