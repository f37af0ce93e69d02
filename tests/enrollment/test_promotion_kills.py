"""SIGKILL of the process that re-embeds, at random moments of a promotion."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from enrollment.crypto import seal
from enrollment.jobs import reembedding
from enrollment.models import Promotion, Sample, Subject, Template
from enrollment.models.promotion import lacking_samples
from enrollment.services import model_version_promote
from tests.enrollment.test_promotions import registered
from tests.faces import jpeg, portrait
from tests.factories import model_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

FACES = 60
KILLS = int(os.environ.get("PROMOTION_KILLS", "3"))
WORKER = """
import django; django.setup()
from enrollment.jobs import reembedding
reembedding.BATCH = 2
reembedding.promotion_execute({})
"""


def worker(promotion) -> subprocess.Popen:
    """Another process that works on the promotion, in the tests' own database."""
    name = str(connection.settings_dict["NAME"])
    url = re.sub(r"/[^/]*$", f"/{name}", os.environ.get("DATABASE_URL", "")) or f"sqlite:///{name}"
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", WORKER.format(promotion.pk)]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)


def stored_faces(count: int) -> None:
    crop, subject = jpeg(portrait().resize((112, 112))), Subject.objects.create()
    for number in range(count):
        sample = Sample(
            subject=subject, state="accepted", decided_at=timezone.now(), image_digest=str(number)
        )
        sample.sealed_crop = seal(crop, context=f"crop:{sample.pk}")
        sample.save()


def test_a_killed_worker_leaves_the_active_version_and_its_batches(tmp_path):
    active = model_version()
    candidate = registered(tmp_path / "twin-1")
    stored_faces(FACES)
    promotion = model_version_promote(candidate, actor=None)
    for _ in range(KILLS):
        before, process = Template.objects.count(), worker(promotion)
        while Template.objects.count() == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        active.refresh_from_db()
        assert (active.state, before < Template.objects.count() < FACES) == ("active", True)
    reembedding.promotion_execute(promotion.pk)
    candidate.refresh_from_db()
    assert (candidate.state, lacking_samples(candidate).exists()) == ("active", False)
    assert Template.objects.count() == FACES
    assert Promotion.objects.get().done == FACES
