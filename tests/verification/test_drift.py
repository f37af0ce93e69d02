"""The page about drift."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.factories import SampleFactory
from verification.models import Attempt
from verification.services import session_open

pytestmark = pytest.mark.django_db
PAGE = "/admin/verification/attempt/drift/"


@pytest.fixture
def reader(staff, browser_of):
    staff.user_permissions.set(Permission.objects.filter(codename="view_attempt"))
    return browser_of(staff)


def accepted(similarity):
    session = session_open(purpose="sign_in", browser_key="x", source=None, login="ada")
    Attempt.objects.create(
        session=session,
        state="decided",
        decision="match",
        similarity=similarity,
        threshold=0.5,
        decided_at=timezone.now(),
    )


def test_it_is_empty_at_first(reader):
    page = reader.get(PAGE).content.decode()
    assert "Nobody has signed in by face yet." in page
    assert "No picture was refused." in page


def test_it_shows_how_far_sign_ins_lie_above_the_threshold(reader):
    for similarity in (0.55, 0.6, 0.7):
        accepted(similarity)
    page = reader.get(PAGE).content.decode()
    assert f"{timezone.now():%Y-%m}" in page
    assert "+0.050" in page
    assert "+0.100" in page


def test_it_counts_refusals_by_reason(reader):
    for reasons in (["blurred"], ["blurred", "too_dark"]):
        sample = SampleFactory()
        sample.reject(reasons)
        sample.save()
    page = reader.get(PAGE).content.decode()
    assert page.index("The picture is blurred") < page.index("It is too dark")


def test_it_takes_the_right_to_see_attempts(staff, browser_of):
    assert browser_of(staff).get(PAGE).status_code == 403
