"""Imports people to learn from, besides those of the site."""

from enrollment.management.people_sets import ImportCommand
from enrollment.models import PeopleSet


class Command(ImportCommand):
    help = "Import a folder of people to learn from. They must be others than those of the evaluation set."
    purpose = PeopleSet.Purpose.TRAINING
