"""A version's lineage names everybody it learned from: nobody reads that to compare a face or to list rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.models import DuplicateFlag
from tests.factories import SubjectFactory
from tests.verification.api.test_verify_at_once import send
from verification import jobs
from verification.models import Attempt, Identification

pytestmark = pytest.mark.django_db
BULK = ('"enrollment_modelversion"."lineage"', '"enrollment_modelversion"."report"')
LISTS = [
    "enrollment/duplicateflag",
    "enrollment/template",
    "verification/attempt",
    "verification/identification",
]


@pytest.fixture
def reading():
    """What is asked of the database."""
    with CaptureQueriesContext(connection) as asked:
        yield lambda: [query["sql"] for query in asked if any(column in query["sql"] for column in BULK)]


@pytest.fixture
def verified(ada, browser_of):
    """A verification, with all that lists show of it."""
    browser = browser_of(ada)
    told = send(browser).json()
    jobs.attempt_decide(Attempt.objects.get().pk)
    assert browser.get(f"/api/v1/verification-sessions/{told['id']}").json()["state"] == "succeeded"


def test_no_verification_reads_it(reading, verified):
    assert not reading()


@pytest.mark.parametrize("page", LISTS)
def test_no_list_reads_it(page, version, ada, verified, admin_user, browser_of, reading):
    DuplicateFlag.objects.create(
        subject=SubjectFactory(), other=ada.subject, similarity=0.9, model_version=version
    )
    Identification.objects.create(owner=ada, model_version=version)
    assert version.name in browser_of(admin_user).get(f"/admin/{page}/").content.decode()
    assert not reading()


def test_it_is_there_for_whoever_asks(version):
    version.lineage = {"subjects": {"7": ["x"]}}
    version.save(update_fields=["lineage"])
    found = type(version).objects.get()
    assert "lineage" not in found.__dict__
    assert found.lineage == {"subjects": {"7": ["x"]}}
