"""Training runs over the API: asking for one, watching it, calling it off."""

import pytest

from enrollment.models import ModelVersion, TrainingRun
from tests.conftest import show_password
from tests.enrollment.api.test_models import staff_with
from tests.enrollment.test_training_requests import people_set
from tests.factories import model_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
URL = "/api/v1/training-runs"


@pytest.fixture
def ready():
    """A site that may train on an imported set."""
    model_version()
    people_set()
    return people_set("training", digest="b")


@pytest.fixture
def trainer(staff, browser_of):
    return browser_of(staff_with(staff, "can_retrain"), api=True)


def ask(browser, ready, **body):
    return browser.post(URL, {"uses_site": False, "training_set": ready.pk, **body}, format="json")


class TestRequest:
    def test_it_is_accepted(self, trainer, ready, staff):
        answer = ask(trainer, ready, note="more people", epochs=2)
        assert (answer.status_code, answer.json()["state"], answer.json()["epochs"]) == (202, "requested", 2)
        run = TrainingRun.objects.get()
        assert (run.note, run.requested_by) == ("more people", staff)
        assert answer.json()["version_id"] == run.version.pk

    def test_one_is_open_at_a_time(self, trainer, ready):
        ask(trainer, ready)
        answer = ask(trainer, ready)
        assert (answer.status_code, answer.json()["code"]) == (409, "training_open")

    def test_it_is_refused_with_a_reason(self, trainer, ready):
        answer = trainer.post(URL, {"kind": "calibrate_only"}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (422, "too_few_subjects")

    @pytest.mark.parametrize(
        "body", [{"epochs": 0}, {"network": "guess"}, {"training_set": 10**30}, {"note": "x" * 201}]
    )
    def test_it_is_not_valid(self, trainer, ready, body):
        answer = ask(trainer, ready, **body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, list(body))

    def test_the_evaluation_set_is_never_learned_from(self, trainer, ready):
        answer = ask(trainer, ready, training_set=people_set(digest="c").pk)
        assert answer.status_code == 400

    def test_promoting_alone_does_not_let_retrain(self, staff, browser_of, ready):
        browser = browser_of(staff_with(staff, "can_promote", "view_trainingrun"), api=True)
        assert ask(browser, ready).status_code == 403
        assert not TrainingRun.objects.exists()

    def test_it_asks_for_the_password_again(self, trainer, staff, ready):
        show_password(trainer, staff, seconds_ago=3600)
        assert ask(trainer, ready).json()["code"] == "reauthentication_required"


class TestWatching:
    def test_it_tells_how_far_it_is(self, trainer, ready):
        run = TrainingRun.objects.get(pk=ask(trainer, ready).json()["id"])
        run.claim()
        run.phase, run.epoch, run.step, run.steps = "train", 1, 5, 10
        run.loss, run.seconds_left = 0.25, 90.0
        run.log = "\n".join(f"line {number}" for number in range(30))
        run.save()
        answer = trainer.get(f"{URL}/{run.pk}").json()
        told = [answer[name] for name in ("phase", "epoch", "step", "steps", "loss", "seconds_left")]
        assert told == ["train", 1, 5, 10, 0.25, 90.0]
        assert answer["log"] == [f"line {number}" for number in range(10, 30)]

    def test_it_lists_all(self, trainer, ready):
        number = ask(trainer, ready).json()["id"]
        rows = trainer.get(URL).json()["training_runs"]
        assert [row["id"] for row in rows] == [number]
        assert "log" not in rows[0]

    def test_looking_does_not_let_ask(self, staff, browser_of, ready):
        browser = browser_of(staff_with(staff, "view_trainingrun"), api=True)
        assert browser.get(URL).status_code == 200
        assert ask(browser, ready).status_code == 403

    def test_it_is_for_staff(self, owner, browser_of, ready):
        browser = browser_of(staff_with(owner, "can_retrain"), api=True)
        assert browser.get(URL).status_code == 403
        assert ask(browser, ready).status_code == 403

    def test_there_is_no_such_run(self, trainer):
        assert trainer.get(f"{URL}/{10**30}").status_code == 404


class TestCancel:
    def test_it_ends_the_run(self, trainer, ready):
        number = ask(trainer, ready).json()["id"]
        answer = trainer.post(f"{URL}/{number}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert not ModelVersion.objects.filter(created_by_run=number).exists()

    def test_it_is_too_late_once_it_is_over(self, trainer, ready):
        number = ask(trainer, ready).json()["id"]
        trainer.post(f"{URL}/{number}/cancel")
        answer = trainer.post(f"{URL}/{number}/cancel")
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
