"""Makes a model artifact known to the site."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from enrollment.services import model_version_register
from ml.errors import ArtifactError
from ml.serving.artifacts import MANIFEST, Artifact


class Command(BaseCommand):
    help = "Check a model artifact and make it known to the site; the first one becomes active."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", nargs="?", type=Path, default=Path(settings.FACE_MODEL), help="Folder of the artifact."
        )

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        try:
            artifact = Artifact.load(path)
        except ArtifactError as error:
            raise CommandError(f"{error.code}: {error}") from error
        try:
            version = model_version_register(
                name=artifact.name,
                network=artifact.network,
                path=str(path.resolve()),
                digest=artifact.digest,
                report=artifact.report,
                manifest=json.loads((path / MANIFEST).read_text()),
            )
        except IntegrityError as error:
            raise CommandError(f"name_taken: another model is registered as {artifact.name}") from error
        self.stdout.write(f"Model {version.name} is {version.state}.")
