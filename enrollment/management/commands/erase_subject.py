"""Erases a person's face, or all that is known of them, and names the models that learned from them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment.management.people import add_person, person_named
from enrollment.models import User
from enrollment.services import account_erase, subject_erase


class Command(BaseCommand):
    help = (
        "Erase a person's pictures, templates and queued work, and name the models trained on them. "
        "Of somebody without an account nothing is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_person(parser)
        parser.add_argument("--account", action="store_true", help="Erase the account as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        person, account = person_named(options), options["account"]
        if isinstance(person, User):
            versions = account_erase(person, face_alone=not account)
            self.stdout.write("Account and face are erased." if account else "The face is erased.")
        else:
            versions = subject_erase(person)
            self.stdout.write("The person is erased.")
        if not versions:
            self.stdout.write("No model learned from this person.")
        for version in versions:
            self.stdout.write(f"{version.name} ({version.state}) learned from this person.")
