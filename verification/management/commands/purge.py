"""Erases what was kept long enough. The schedule runs it daily."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from verification.errors import PurgeIncomplete
from verification.services import retention_purge


class Command(BaseCommand):
    help = "Erase unused faces, old records and files that belong to nobody, as the retention settings say."

    def handle(self, *args: Any, **options: Any) -> None:
        incomplete = None
        try:
            erased = retention_purge()
        except PurgeIncomplete as error:
            erased, incomplete = error.erased, error
        for what, count in erased.items():
            self.stdout.write(f"{what}: {count}")
        call_command("clearsessions")
        if connection.vendor == "sqlite":
            _analyze()
        if incomplete:
            raise CommandError(str(incomplete))


def _analyze() -> None:
    """Without knowing how large its tables are, SQLite searches some from end to end. PostgreSQL looks by itself."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA analysis_limit = 1000")
        cursor.execute("ANALYZE")
