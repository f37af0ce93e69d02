"""The admin's pages about models and training: who may press what, and what it does."""

import pytest
from django.contrib.auth.models import Permission

from enrollment.admin.figures import one_in
from enrollment.models import ModelVersion, PeopleSet, Promotion, TrainingRun
from enrollment.services import model_version_roll_back
from tests.conftest import show_password
from tests.enrollment.test_promotions import judged, promoted, registered
from tests.factories import model_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

VERSIONS, RUNS = "/admin/enrollment/modelversion/", "/admin/enrollment/trainingrun/"


@pytest.fixture
def active():
    return model_version()


@pytest.fixture
def candidate(active, tmp_path):
    return registered(tmp_path / "twin-1")


def staff_with(staff, *names):
    names = ("view_modelversion", "view_trainingrun", *names)
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    return staff


@pytest.fixture
def promoter(staff, browser_of):
    return browser_of(staff_with(staff, "can_promote"))


@pytest.fixture
def trainer(staff, browser_of):
    return browser_of(staff_with(staff, "can_retrain"))


@pytest.fixture
def run(active):
    frozen = PeopleSet.objects.create(
        name="frozen", purpose="evaluation", subjects=60, images=240, digest="0" * 64
    )
    return TrainingRun.objects.create(
        network="mobilefacenet", epochs=3, evaluation_set=frozen, champion=active, step=3, steps=12
    )


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize(
    ("rate", "words"), [(1e-4, "1 in 10,000"), (1 / 121, "1 in 120"), (0.25, "25%"), (0, "none")]
)
def test_a_rate_reads_as_one_in_so_many(rate, words):
    assert one_in(rate) == words


def test_the_active_version_is_told_in_plain_words(promoter, active):
    page = text_of(promoter.get(f"{VERSIONS}{active.pk}/change/"))
    assert "1 in 10,000 strangers would pass" in page
    assert "shown on 610 people" in page


def test_both_models_are_drawn(promoter, candidate):
    drawing = {
        "det": [[1e-4, 0.1], [1e-2, 0.0]],
        "edges": [0.0, 0.5, 1.0],
        "mated": [0.1, 0.9],
        "non_mated": [1.0, 0.0],
        "threshold": 0.55,
    }
    candidate.report = {"plots": {"champion": drawing, "challenger": drawing}}
    candidate.save()
    page = text_of(promoter.get(f"{VERSIONS}{candidate.pk}/change/"))
    assert page.count("<polyline") == 6
    assert "threshold 0.550" in page


def test_promote_says_what_will_happen_and_does_it(promoter, active, candidate):
    page = f"{VERSIONS}{candidate.pk}/promote/"
    assert f"under {candidate} instead of {active}" in text_of(promoter.get(page))
    assert not Promotion.objects.exists()
    assert promoter.post(page).status_code == 302
    assert Promotion.objects.get().version == candidate
    assert "of 0 templates" in text_of(promoter.get(f"{VERSIONS}{candidate.pk}/change/"))


def test_what_cannot_take_over_says_why_and_has_no_button(promoter, active, candidate):
    candidate.report = judged(0.3)
    candidate.save()
    page = text_of(promoter.get(f"{VERSIONS}{candidate.pk}/change/"))
    assert "turned away 30% of the tries" in page
    assert "/promote/" not in page


def test_a_figure_for_another_target_is_told_as_such(promoter, active, settings):
    settings.FACE_TARGET_FMR = 1e-5
    page = text_of(promoter.get(f"{VERSIONS}{active.pk}/change/"))
    assert "measured where 1 in 10,000 strangers would pass; at this site it is more" in page


def test_promote_asks_for_the_password_again(promoter, staff, active, candidate):
    show_password(promoter, staff, seconds_ago=3600)
    answer = promoter.post(f"{VERSIONS}{candidate.pk}/promote/")
    assert "/accounts/reauthenticate/" in answer["Location"]
    assert not Promotion.objects.exists()


def test_a_second_click_is_told_that_it_was_too_late(promoter, active, candidate, tmp_path):
    promoter.post(f"{VERSIONS}{candidate.pk}/promote/")
    other = registered(tmp_path / "twin-2")
    response = promoter.post(f"{VERSIONS}{other.pk}/promote/")
    assert response.status_code == 409
    assert "under way already" in text_of(response)


def test_a_looser_version_takes_a_tick(promoter, active, tmp_path):
    looser = registered(tmp_path / "looser-1", network="contrastive48")
    page = f"{VERSIONS}{looser.pk}/promote/"
    assert promoter.post(page).status_code == 200
    assert not Promotion.objects.exists()
    assert promoter.post(page, {"accepts_looser": "on"}).status_code == 302


def test_roll_back_is_offered_where_there_is_something_to_go_back_to(promoter, active, candidate):
    page = f"{VERSIONS}{candidate.pk}/"
    assert "roll-back" not in text_of(promoter.get(f"{VERSIONS}{active.pk}/change/"))
    promoted(candidate)
    assert f"{page}roll-back/" in text_of(promoter.get(f"{page}change/"))
    assert promoter.post(f"{page}roll-back/").status_code == 302
    active.refresh_from_db()
    assert active.state == "active"


def test_a_promotion_can_be_called_off(promoter, active, candidate):
    page = f"{VERSIONS}{candidate.pk}/"
    promoter.post(f"{page}promote/")
    assert promoter.post(f"{page}call-off/").status_code == 302
    assert Promotion.objects.get().state == "cancelled"
    assert promoter.post(f"{page}call-off/").status_code == 409


def test_who_may_retrain_may_not_promote(trainer, active, candidate):
    assert trainer.get(f"{VERSIONS}{candidate.pk}/promote/").status_code == 403
    assert trainer.post(f"{VERSIONS}{active.pk}/roll-back/").status_code == 403
    assert trainer.get(f"{RUNS}retrain/").status_code == 200


def test_who_may_promote_may_not_retrain(promoter, run):
    assert promoter.get(f"{RUNS}retrain/").status_code == 403
    assert promoter.post(f"{RUNS}{run.pk}/cancel/").status_code == 403


def test_strangers_see_nothing_of_it(stranger, browser_of, candidate):
    for page in (f"{VERSIONS}{candidate.pk}/promote/", f"{RUNS}retrain/", RUNS):
        assert browser_of(stranger).get(page).status_code == 302


def test_retrain_says_why_it_cannot_start(trainer, active):
    response = trainer.post(f"{RUNS}retrain/", {"start": "active", "uses_site": "on"})
    assert response.status_code == 409
    assert "import an evaluation set first" in text_of(response)


def test_calibration_says_why_it_cannot_start(trainer, run):
    assert trainer.post(f"{RUNS}calibrate/").status_code == 409


def test_a_run_shows_how_far_it_is_and_can_be_cancelled(trainer, run):
    page = f"{RUNS}{run.pk}/"
    assert 'value="25"' in text_of(trainer.get(f"{page}change/"))
    assert 'value="25"' in text_of(trainer.get(RUNS))
    assert trainer.post(f"{page}cancel/").status_code == 302
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_run_draws_its_curves(trainer, run):
    run.history = [{"epoch": 1, "loss": 2.0, "validation_loss": 2.5}]
    run.save()
    assert text_of(trainer.get(f"{RUNS}{run.pk}/change/")).count("<polyline") == 2


def test_a_refused_version_says_why(promoter, candidate):
    reason = {"code": "fnmr_worse", "where": "frozen", "limit": 0.01, "champion": 0.01, "challenger": 0.03}
    candidate.state = ModelVersion.State.REFUSED
    candidate.report = {"gate": {"passed": False, "reasons": [reason], "figures": {}}}
    candidate.save()
    page = text_of(promoter.get(f"{VERSIONS}{candidate.pk}/change/"))
    assert "turns more rightful people away" in page
    assert "/promote" not in page


def test_a_refused_version_names_nobody(promoter, candidate):
    mixed = {"code": "mixed_people", "where": "Ada Lovelace", "limit": 0.1, "challenger": 0.5}
    candidate.report = {"gate": {"passed": False, "reasons": [mixed]}}
    candidate.save()
    page = text_of(promoter.get(f"{VERSIONS}{candidate.pk}/change/"))
    assert "under one name. (0.5, allowed 0.1)" in page
    assert "Ada" not in page


def test_a_roll_back_is_told_on_the_page(promoter, active, candidate):
    promoted(candidate)
    model_version_roll_back(candidate, actor=None)
    assert "Rolled back to" in text_of(promoter.get(f"{VERSIONS}{active.pk}/change/"))


def test_a_made_up_version_is_not_there(admin_user, browser_of):
    page = browser_of(admin_user).get(f"{VERSIONS}x/change/", follow=True)
    assert page.status_code == 200
    assert "exist" in page.content.decode()
