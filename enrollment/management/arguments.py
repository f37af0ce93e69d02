"""Kinds of arguments that several commands take."""

from argparse import ArgumentTypeError
from pathlib import Path

from django.core.management.base import CommandError


def positive_int(text: str) -> int:
    """A number of things, at least one."""
    return _int(text, least=1)


def natural_int(text: str) -> int:
    """A number that may be 0, such as a seed."""
    return _int(text, least=0)


def _int(text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise ArgumentTypeError(f"expected a whole number, got {text!r}") from error
    if number < least:
        raise ArgumentTypeError(f"expected at least {least}, got {number}")
    return number


def folder_make(folder: Path) -> None:
    """Makes the folder that will be written to: that it cannot be made is worth knowing before an hour's work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder}: expected a folder, or room for one: {error.strerror}") from error
