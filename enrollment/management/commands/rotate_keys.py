"""Seals every picture, face and template with the newest key. Run it again if it was stopped."""

from typing import Any

from django.core.management.base import BaseCommand

from enrollment.services import keys_rotate


class Command(BaseCommand):
    help = (
        "Seal everything with the first key of FACE_ENCRYPTION_KEYS. Before: put the new key first, keep the old "
        "one behind it, restart web and workers. After: take the old key out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for column, count in keys_rotate().items():
            self.stdout.write(f"{column}: {count}")
        self.stdout.write("Everything bears the newest key.")
