"""Makes a training set out of a folder of people's pictures."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from enrollment.management.arguments import folder_make
from ml.errors import MLError
from ml.faces.detection.registry import DETECTORS
from ml.faces.landmarks import MeshNetwork
from ml.faces.quality import ENROLLMENT_GATE, OPEN_GATE, VERIFICATION_GATE
from ml.training.lfw import fetch_lfw
from ml.training.people_import import CONTACT_SHEET, REJECTIONS, PeopleImporter

GATES = {"enrollment": ENROLLMENT_GATE, "verification": VERIFICATION_GATE, "open": OPEN_GATE}


class Command(BaseCommand):
    help = "Cut aligned faces out of a folder of people's pictures, for train_model."

    def add_arguments(self, parser: CommandParser) -> None:
        sources = parser.add_mutually_exclusive_group(required=True)
        sources.add_argument(
            "source", nargs="?", type=Path, help="Folder with a folder of pictures for each person."
        )
        sources.add_argument(
            "--lfw", action="store_true", help="Labeled Faces in the Wild, by scikit-learn's loader (online)."
        )
        parser.add_argument("--out", type=Path, required=True, help="Folder for faces and record.")
        parser.add_argument("--detector", choices=sorted(DETECTORS), default="mediapipe")
        parser.add_argument(
            "--gate", choices=sorted(GATES), default="verification", help="How strictly faces are judged."
        )

    def handle(
        self, *args: Any, source: Path | None, out: Path, detector: str, gate: str, **options: Any
    ) -> None:
        folder_make(out)
        try:
            source = source or fetch_lfw()
            importer = PeopleImporter(DETECTORS[detector](), MeshNetwork(), GATES[gate])
            report = importer.run(source, out, progress=partial(tqdm, desc="import", unit="picture"))
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        people = len({file.parent for file in report.accepted})
        self.stdout.write(
            f"accepted {len(report.accepted)} pictures of {people} people, rejected {len(report.rejected)}"
        )
        reasons = Counter(reason for rejection in report.rejected for reason in rejection.reasons)
        for reason, count in reasons.most_common():
            self.stdout.write(f"{count:6} {reason}")
        self.stdout.write(f"to review: {out / REJECTIONS}, {out / CONTACT_SHEET}")
