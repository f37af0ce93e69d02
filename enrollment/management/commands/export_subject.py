"""Writes everything the site knows of a person into a zip archive."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment.management.people import user_named
from enrollment.services import subject_export

OWNER_ONLY = 0o600


class Command(BaseCommand):
    help = "Export a person's pictures, consents and history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="User name or id.")
        parser.add_argument("--output", type=Path, required=True, help="The zip file to write.")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        data = subject_export(user_named(options["user"]))
        output.touch(OWNER_ONLY)
        output.write_bytes(data)
        self.stdout.write(f"{output}: {len(data)} bytes. It holds unencrypted pictures.")
