"""Naming a person on the command line."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from enrollment.models import Subject, User
from enrollment.selectors import backend_subject, backend_subjects


def add_person(parser: CommandParser) -> None:
    """The arguments that say who is meant."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("user", nargs="?", help="User name or id of an account.")
    who.add_argument(
        "--subject", metavar="ID", help="External id, or id in the API, of somebody without an account."
    )


def person_named(options: dict[str, Any]) -> User | Subject:
    """Who is meant: an account, or somebody whom a backend keeps."""
    return _user_named(options["user"]) if options["subject"] is None else _subject_named(options["subject"])


def _user_named(name: str) -> User:
    """The account of this user name or id."""
    found = User.objects.filter(username__iexact=name).first()
    if found is None and name.isdecimal():
        found = User.objects.filter(pk=int(name)).first()
    if found is None:
        raise CommandError(f"There is no account {name!r}.")
    return found


def _subject_named(name: str) -> Subject:
    found = backend_subjects().filter(external_id=name).first()
    with suppress(ValueError):
        found = found or backend_subject(UUID(name))
    if found is None:
        raise CommandError(f"No backend keeps anybody called {name!r}.")
    return found
