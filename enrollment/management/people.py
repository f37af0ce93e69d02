"""Naming a person on the command line."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.db.models import Q

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
    is_meant = Q(username__iexact=name) | Q(pk=int(name)) if name.isdecimal() else Q(username__iexact=name)
    found = list(User.objects.filter(is_meant).order_by("pk")[:2])
    if not found:
        raise CommandError(f"There is no account {name!r}.")
    if len(found) > 1:
        names = " and ".join(f"{user.get_username()!r} with the id {user.pk}" for user in found)
        raise CommandError(f"{name!r} may mean {names}.")
    return found[0]


def _subject_named(name: str) -> Subject:
    found = backend_subjects().filter(external_id=name).first()
    with suppress(ValueError):
        found = found or backend_subject(UUID(name))
    if found is None:
        raise CommandError(f"No backend keeps anybody called {name!r}.")
    return found
