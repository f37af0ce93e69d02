import uuid

import pytest

from enrollment.models import Sample
from tests.factories import SampleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(owner):
    return SampleFactory(subject=owner.subject)


def url(sample_id: uuid.UUID) -> str:
    return f"/api/v1/samples/{sample_id}"


def test_it_shows_a_picture_to_its_owner(sample, owner, browser_of):
    assert browser_of(owner).get(url(sample.pk)).json()["samples"][0]["id"] == str(sample.pk)


def test_it_erases_a_picture_for_its_owner(sample, owner, browser_of):
    assert browser_of(owner).delete(url(sample.pk)).status_code == 204
    assert not Sample.objects.exists()


@pytest.mark.parametrize("method", ["get", "delete"])
def test_it_hides_a_picture_from_everybody_else(sample, stranger, staff, browser_of, method):
    for user, status in ((stranger, 404), (staff, 404), (None, 401)):
        assert getattr(browser_of(user), method)(url(sample.pk)).status_code == status
    assert Sample.objects.exists()


def test_it_knows_no_other_ids(owner, browser_of):
    answer = browser_of(owner).get(url(uuid.uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
