"""Naming a person on the command line."""

from django.core.management.base import CommandError

from enrollment.models import User


def user_named(name: str) -> User:
    """The account of this user name or id."""
    found = User.objects.filter(username__iexact=name).first()
    if found is None and name.isdecimal():
        found = User.objects.filter(pk=int(name)).first()
    if found is None:
        raise CommandError(f"There is no account {name!r}.")
    return found
