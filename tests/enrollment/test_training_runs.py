"""A run from its request to its verdict, really trained and really judged."""

import pytest

from enrollment.services import training_run_request
from tests.enrollment.training import imported, names, needs_people, quiet
from tests.factories import model_version

pytestmark = [needs_people, quiet, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def site(settings, tmp_path):
    """A small site: folders of its own, and a target rate that sixty people can support."""
    settings.FACE_TARGET_FMR = 1e-2
    settings.RETRAINING_MIN_SUBJECTS = 40
    settings.TRAINING_DIR, settings.MODEL_CACHE = tmp_path / "training", tmp_path / "cache"
    settings.CELERY_TASK_ALWAYS_EAGER = False
    return settings


@pytest.fixture
def champion():
    return model_version()


@pytest.fixture
def evaluation(champion, tmp_path):
    return imported(names(60), tmp_path / "evaluation")


@pytest.fixture
def others(tmp_path):
    return imported(names(50, first=100), tmp_path / "others", purpose="training")


def execute(run):
    from enrollment.jobs import training

    training.training_run_execute(run.pk)
    run.refresh_from_db()
    return run


def test_it_trains_judges_and_refuses_what_is_worse(evaluation, others, site):
    run = execute(
        training_run_request(
            actor=None,
            network="contrastive48",
            start="scratch",
            epochs=1,
            uses_site=False,
            training_set=others,
        )
    )
    assert (run.state, run.failure, run.phase) == ("refused", "", "done")
    assert [epoch["epoch"] for epoch in run.history] == [1]
    report = run.version.report
    assert "fnmr_worse" in {reason["code"] for reason in report["gate"]["reasons"]}
    assert report["evaluation_set"]["digest"] == evaluation.digest
    assert run.version.state == "refused"
    assert not list(site.TRAINING_DIR.iterdir())
