"""Seals every picture, face and template with the newest key. Run it again if it was stopped."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from enrollment.errors import RotationIncomplete
from enrollment.services import keys_rotate


class Command(BaseCommand):
    help = (
        "Seal everything with the first key of FACE_ENCRYPTION_KEYS. Before: put the new key first, keep the old "
        "one behind it, restart web and workers. After: take the old key out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._tell(keys_rotate())
        except RotationIncomplete as error:
            self._tell(error.changed)
            raise CommandError(str(error)) from error
        self.stdout.write("Everything bears the newest key.")

    def _tell(self, changed: dict[str, int]) -> None:
        for column, count in changed.items():
            self.stdout.write(f"{column}: {count}")
