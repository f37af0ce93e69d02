"""Erases a person's face, or the whole account, and names the models that learned from them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment.management.people import user_named
from enrollment.services import subject_erase


class Command(BaseCommand):
    help = "Erase a person's pictures, templates and queued work, and name the models trained on them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="User name or id.")
        parser.add_argument("--account", action="store_true", help="Erase the account as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        versions = subject_erase(user_named(options["user"]), account=options["account"])
        self.stdout.write("Account and face are erased." if options["account"] else "The face is erased.")
        if not versions:
            self.stdout.write("No model learned from this person.")
        for version in versions:
            self.stdout.write(f"{version.name} ({version.state}) learned from this person.")
