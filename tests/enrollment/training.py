"""People for the tests of retraining: real ones of the research sets, of the site or imported."""

import io
import shutil
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from enrollment.models import Consent, PeopleSet, Sample
from tests.faces import SHARED, jpeg
from tests.factories import ConsentFactory, SampleFactory, SubjectFactory

TRAIN = SHARED / "train"
needs_people = pytest.mark.skipif(
    not TRAIN.is_dir(), reason="needs the research faces in ../shared/data/train"
)
# Keras hands NumPy its variables in a way that NumPy 2 deprecates.
quiet = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def names(count, *, first=0):
    """People with four pictures or more, a few hundred on end."""
    known = sorted(path for path in TRAIN.iterdir() if path.name.isdigit())
    return [path.name for path in known[first : first + count]]


def folder_of(people, folder):
    """A folder of these people."""
    for name in people:
        shutil.copytree(TRAIN / name, folder / name)
    return folder


def imported(people, folder, *, purpose="evaluation", **options) -> PeopleSet:
    """A set of these people, as the command imports it."""
    call_command(f"import_{purpose}_set", folder_of(people, folder), aligned=True, verbosity=0, **options)
    return PeopleSet.objects.latest("pk")


def site_person(name, *, training=True, age_hours=25):
    """Somebody of the site whose anchors are this person's pictures."""
    subject = SubjectFactory()
    ConsentFactory(subject=subject)
    if training:
        ConsentFactory(subject=subject, purpose=Consent.Purpose.TRAINING)
    for path in sorted((TRAIN / name).glob("*.jpg")):
        sample = SampleFactory(subject=subject)
        sample.accept(crop=crop_of(path), quality={"score": 0.9})
        sample.decided_at = timezone.now() - timedelta(hours=age_hours)
        sample.save()
    return subject


def crop_of(path) -> bytes:
    """The aligned face without its margin, as enrollment stores it."""
    return jpeg(Image.open(io.BytesIO(path.read_bytes())).crop((8, 8, 120, 120)), quality=95)


def age(**hours):
    """Makes every sample so old."""
    Sample.objects.update(decided_at=timezone.now() - timedelta(**hours))
