"""Compares the face detectors."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from enrollment.management.arguments import positive_int
from ml.errors import MLError
from ml.faces import images
from ml.faces.detection.benchmark import measure
from ml.faces.detection.registry import DETECTORS


class Command(BaseCommand):
    help = "Compare the detectors on pictures of one centred face each: recall, and milliseconds a picture."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data", type=Path, required=True, help="Folder that holds JPEG pictures at any depth."
        )
        parser.add_argument("--images", type=positive_int, default=300, help="How many, evenly spaced.")
        parser.add_argument("--json", action="store_true", help="End with one line of JSON.")

    def handle(self, *args: Any, data: Path, **options: Any) -> None:
        paths = sorted(path for path in data.rglob("*.jpg") if path.is_file())
        count = options["images"]
        if not paths or count < 1:
            raise CommandError(f"expected JPEG pictures in {data} and at least 1 to time, found {len(paths)}")
        chosen = paths[:: max(1, len(paths) // count)][:count]
        cv2.setNumThreads(1)
        try:
            figures = {name: self._measure(name, chosen) for name in DETECTORS}
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write("| detector | recall | extra boxes a picture | ms a picture |\n|---|---|---|---|")
        for name, found in figures.items():
            self.stdout.write(
                f"| {name} | {found['recall']:.2%} | {found['extra']:.3f} | {found['milliseconds']:.1f} |"
            )
        if options["json"]:
            self.stdout.write(json.dumps(figures))

    def _measure(self, name: str, paths: list[Path]) -> dict[str, Any]:
        pictures = (images.decode(path.read_bytes()) for path in tqdm(paths, name, unit="picture"))
        return asdict(measure(DETECTORS[name](), pictures))
