"""Times the face pipeline, step by step."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollment.management.arguments import positive_int
from ml.config import THREADS
from ml.errors import MLError
from ml.serving.benchmark import step_times
from ml.serving.pipeline import FacePipeline


class Command(BaseCommand):
    help = "Time the face pipeline on pictures of a folder: one process, warm, mean milliseconds a picture."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data", type=Path, required=True, help="Folder that holds JPEG pictures at any depth."
        )
        parser.add_argument("--images", type=positive_int, default=300, help="How many, evenly spaced.")
        parser.add_argument(
            "--artifact", type=Path, default=Path(settings.FACE_MODEL), help="Folder of the model."
        )
        parser.add_argument(
            "--threads", type=positive_int, default=THREADS, help="CPU threads of one extraction."
        )
        parser.add_argument("--json", action="store_true", help="End with one line of JSON.")

    def handle(
        self, *args: Any, data: Path, images: int, artifact: Path, threads: int, **options: Any
    ) -> None:
        paths = sorted(path for path in data.rglob("*.jpg") if path.is_file())
        if not paths or images < 1:
            raise CommandError(f"expected JPEG pictures in {data} and at least 1 to time, found {len(paths)}")
        chosen = paths[:: max(1, len(paths) // images)][:images]
        try:
            times = step_times(
                FacePipeline.load(artifact, threads=threads), [path.read_bytes() for path in chosen]
            )
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for name, milliseconds in times.items():
            self.stdout.write(f"{name:13} {milliseconds:7.2f}")
        if options["json"]:
            self.stdout.write(json.dumps({**times, "images": len(chosen), "threads": threads}))
