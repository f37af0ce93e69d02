"""What the commands that import a folder of people have in common."""

import csv
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from enrollment.errors import DomainError
from enrollment.jobs.training_data import archive_of
from enrollment.management.arguments import positive_int
from enrollment.models import PeopleSet
from enrollment.services import people_set_create
from ml.errors import MLError
from ml.faces.detection import MediaPipeDetector
from ml.faces.landmarks import MeshNetwork
from ml.faces.quality import VERIFICATION_GATE
from ml.training.folder import read_people
from ml.training.people_import import PeopleImporter


class ImportCommand(BaseCommand):
    """Imports a folder of people for one purpose."""

    purpose: PeopleSet.Purpose

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="Holds a folder of pictures for each person.")
        parser.add_argument("--name", help="What the admin calls it; the folder's name if not given.")
        parser.add_argument(
            "--aligned",
            action="store_true",
            help="The pictures are aligned faces, as import_faces makes them.",
        )
        parser.add_argument("--limit", type=positive_int, help="Draw so many people.")

    def handle(self, *args: Any, folder: Path, aligned: bool, limit: int | None, **options: Any) -> None:
        name = _name(options["name"] or folder.resolve().name)
        canaries = read_canaries(options["canaries"]) if options.get("canaries") else []
        with tempfile.TemporaryDirectory() as aside:
            try:
                faces = folder if aligned else _align(folder, Path(aside))
                people = read_people(faces, limit=limit)
            except MLError as error:
                raise CommandError(f"{error.code}: {error}") from error
            if unknown := {name for pair in canaries for name in pair} - set(people.names):
                raise CommandError(f"unknown_canary: {', '.join(sorted(unknown))}")
            archive = archive_of(faces, (faces / file for file in people.files))
        try:
            made = people_set_create(
                name=name,
                purpose=self.purpose,
                digest=people.digest,
                subjects=len(people.names),
                images=len(people.files),
                canaries=canaries,
                archive=archive,
            )
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.detail}") from error
        self.stdout.write(
            f"Imported {made.images} faces of {made.subjects} people, digest {made.digest[:12]}."
        )


def _name(name: str) -> str:
    """Checked before anything is done that takes long."""
    longest = PeopleSet._meta.get_field("name").max_length or 0
    if len(name) > longest:
        raise CommandError(f"A name has at most {longest} characters; choose a shorter one with --name.")
    return name


def read_canaries(path: Path) -> list[list[str]]:
    """Reads lines of two people's names, separated by a comma."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[name.strip() for name in row] for row in csv.reader(file) if row]
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except (UnicodeError, csv.Error) as error:
        raise CommandError(f"{path}: expected CSV in UTF-8: {error}") from error
    for row in rows:
        if len(row) != 2 or row[0] == row[1]:
            raise CommandError(f"{path}: expected two different names a line, got {','.join(row)!r}")
    return rows


def _align(folder: Path, out: Path) -> Path:
    importer = PeopleImporter(MediaPipeDetector(), MeshNetwork(), VERIFICATION_GATE)
    importer.run(folder, out, progress=partial(tqdm, desc="import", unit="picture", leave=False))
    return out
