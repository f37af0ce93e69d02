"""Imports the people whom models are judged on."""

from pathlib import Path

from django.core.management.base import CommandParser

from enrollment.management.people_sets import ImportCommand
from enrollment.models import PeopleSet


class Command(ImportCommand):
    help = "Import a folder of people to judge models on. From then on, every challenger is judged on it."
    purpose = PeopleSet.Purpose.EVALUATION

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--canaries", type=Path, help="CSV file of pairs of people, such as twins, who must never match."
        )
