"""Writes everything the site knows of a person into a zip archive."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollment.management.people import add_person, person_named
from enrollment.models import User
from enrollment.services import account_export, subject_export

OWNER_ONLY = 0o600


class Command(BaseCommand):
    help = "Export a person's pictures, consents and history."

    def add_arguments(self, parser: CommandParser) -> None:
        add_person(parser)
        parser.add_argument("--output", type=Path, required=True, help="The zip file to write.")

    def handle(self, *args: Any, **options: Any) -> None:
        output, person = options["output"], person_named(options)
        try:
            output.touch(OWNER_ONLY)
            output.chmod(OWNER_ONLY)  # it may have been there
        except OSError as error:
            raise CommandError(f"{output}: expected a file, or room for one: {error.strerror}") from error
        data = account_export(person) if isinstance(person, User) else subject_export(person)
        output.write_bytes(data)
        self.stdout.write(f"{output}: {len(data)} bytes. It holds unencrypted pictures.")
