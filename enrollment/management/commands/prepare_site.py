"""Brings database, static files and model of this machine up to date. Safe to repeat at any time."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from enrollment.services import retraining_schedule_prepare
from ml.config import ARTIFACTS
from ml.serving.artifacts import MANIFEST


class Command(BaseCommand):
    help = "Migrate the database, collect static files and register the models."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("register_model", verbosity=0)
        self._register_others()
        retraining_schedule_prepare()
        self.stdout.write("Database, static files and models are up to date.")

    def _register_others(self) -> None:
        """The models that came with the site besides its own, to compare faces under; it starts without them, too."""
        own = (Path(settings.FACE_MODEL) / MANIFEST).read_bytes()
        for manifest in sorted(ARTIFACTS.glob(f"*/{MANIFEST}")):
            if manifest.read_bytes() == own:  # lies where the setting says
                continue
            try:
                call_command("register_model", manifest.parent, verbosity=0)
            except CommandError as error:
                self.stderr.write(f"Model {manifest.parent.name} is left out: {error}")
