"""One change of the active version over the API: watching it, calling it off."""

import pytest

from enrollment.services import model_version_promote
from tests.enrollment.api.test_models import staff_with
from tests.enrollment.test_promotions import promoted, registered
from tests.factories import model_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
URL = "/api/v1/promotions/{}"


@pytest.fixture
def candidate(tmp_path):
    model_version()
    return registered(tmp_path / "twin-1")


@pytest.fixture
def promotion(candidate):
    return model_version_promote(candidate, actor=None)


@pytest.fixture
def promoter(staff, browser_of):
    return browser_of(staff_with(staff, "can_promote"), api=True)


def test_it_tells_how_far_it_is(promoter, promotion):
    promotion.done, promotion.total = 3, 12
    promotion.save()
    answer = promoter.get(URL.format(promotion.pk)).json()
    assert (answer["state"], answer["done"], answer["total"], answer["percent"]) == ("embedding", 3, 12, 25)


def test_it_is_called_off(promoter, promotion):
    answer = promoter.post(URL.format(promotion.pk) + "/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_it_is_too_late_once_it_is_over(promoter, candidate):
    promoted(candidate)
    promotion = candidate.promotions.get()
    answer = promoter.post(URL.format(promotion.pk) + "/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_there_is_no_such_promotion(promoter):
    assert promoter.get(URL.format(10**9)).status_code == 404
    assert promoter.post(URL.format(10**9) + "/cancel").status_code == 404


def test_looking_alone_does_not_let_call_off(staff, browser_of, promotion):
    browser = browser_of(staff_with(staff, "view_modelversion"), api=True)
    assert browser.get(URL.format(promotion.pk)).status_code == 200
    assert browser.post(URL.format(promotion.pk) + "/cancel").status_code == 403
    promotion.refresh_from_db()
    assert promotion.is_open
