"""Who may be learned from, what is refused at once, and who takes a run up."""

import json
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from enrollment.errors import IllegalTransition, TrainingRefused
from enrollment.jobs.reembedding import promotions_claim_lost
from enrollment.jobs.training_rows import (
    Outcome,
    run_claim,
    run_fail,
    run_finish,
    training_runs_claim_lost,
    version_promote_alone,
)
from enrollment.models import AuditEvent, Consent, ModelVersion, PeopleSet, Promotion, TrainingRun
from enrollment.selectors import new_training_subjects, training_samples
from enrollment.services import (
    retraining_schedule_prepare,
    training_run_cancel,
    training_run_request,
)
from enrollment.tasks import training_request_due
from tests.crowd import at_once
from tests.enrollment.test_promotions import judged
from tests.factories import ConsentFactory, SampleFactory, SubjectFactory, UserFactory, model_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def champion():
    return model_version()


def people_set(purpose="evaluation", *, subjects=400, digest="a"):
    return PeopleSet.objects.create(
        name=purpose,
        purpose=purpose,
        subjects=subjects,
        images=4 * subjects,
        digest=digest * 64,
        file=ContentFile(b"archive", name="x"),
    )


@pytest.fixture
def ready(champion):
    """A site that may train on an imported set."""
    people_set()
    return people_set("training", digest="b")


def person(*, samples=2, age_hours=25, purposes=("sign_in", "training")):
    subject = SubjectFactory()
    for purpose in purposes:
        ConsentFactory(subject=subject, purpose=purpose)
    for _ in range(samples):
        sample = SampleFactory(subject=subject)
        sample.accept(crop=b"crop", quality={})
        sample.decided_at = timezone.now() - timedelta(hours=age_hours)
        sample.save()
    return subject


def request(ready, **options):
    return training_run_request(**{"actor": None, "uses_site": False, "training_set": ready, **options})


def refusal(**options):
    with pytest.raises(TrainingRefused) as caught:
        training_run_request(**{"actor": None, **options})
    return caught.value.code


class TestWhoMayBeLearnedFrom:
    def test_it_takes_consented_samples_a_day_old(self):
        subject = person(samples=3)
        assert {sample.subject_id for sample in training_samples()} == {subject.pk}
        assert len(training_samples()) == 3

    @pytest.mark.parametrize(
        "odd",
        [{"age_hours": 23}, {"purposes": ["sign_in"]}, {"samples": 1}],
        ids=["fresh", "no-consent", "single"],
    )
    def test_it_leaves_out(self, odd):
        person(**odd)
        assert training_samples() == []

    def test_it_leaves_out_whose_consent_ended(self):
        person()
        Consent.objects.filter(purpose="training").update(withdrawn_at=timezone.now())
        assert training_samples() == []

    def test_it_takes_no_more_than_twenty_of_one_person(self):
        person(samples=23)
        assert len(training_samples()) == 20

    def test_it_leaves_out_what_is_not_accepted(self):
        subject = person()
        SampleFactory(subject=subject)
        assert len(training_samples()) == 2


class TestRequest:
    def test_it_makes_a_run_and_a_draft(self, ready, champion):
        run = request(ready, note="more people")
        assert (run.state, run.champion, run.network) == ("requested", champion, "mobilefacenet")
        assert run.version.state == "draft"
        assert run.version.lineage == {"base_version": champion.name}

    def test_it_queues_on_the_training_queue(self, ready, broker, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as callbacks:
            request(ready)
        assert len(callbacks) == 1

    def test_it_refuses_without_an_evaluation_set(self, champion):
        assert refusal() == "no_evaluation_set"

    def test_it_refuses_an_evaluation_set_that_proves_nothing(self, champion):
        people_set(subjects=100)
        assert refusal() == "evaluation_set_too_small"

    def test_it_refuses_too_few_people_and_offers_to_calibrate(self, ready):
        with pytest.raises(TrainingRefused, match="only calibrates") as caught:
            training_run_request(actor=None)
        assert caught.value.code == "too_few_subjects"

    def test_it_calibrates_on_few_people(self, ready):
        for _ in range(10):
            person()
        assert training_run_request(actor=None, kind="calibrate_only").kind == "calibrate_only"

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"uses_site": False}, "no_data"),
            ({"network": "contrastive48"}, "other_network"),
            ({"network": "guess"}, "unknown_network"),
            ({"kind": "calibrate_only"}, "too_few_subjects"),
        ],
    )
    def test_it_refuses(self, ready, options, code):
        assert refusal(**options) == code

    def test_it_opens_one_run_at_a_time(self, ready):
        request(ready)
        assert refusal(uses_site=False, training_set=ready) == "training_open"

    def test_the_database_holds_one_open_run(self, ready):
        run = request(ready)
        with transaction.atomic(), pytest.raises(IntegrityError):
            TrainingRun.objects.create(network="x", epochs=1, evaluation_set=run.evaluation_set)

    def test_after_one_is_over_another_may_open(self, ready):
        training_run_cancel(request(ready), actor=None)
        assert request(ready).state == "requested"


class TestCancel:
    def test_it_takes_the_draft_along(self, ready):
        run = training_run_cancel(request(ready), actor=UserFactory())
        assert run.state == "cancelled"
        assert not ModelVersion.objects.filter(created_by_run=run).exists()

    def test_who_it_was_stands_in_the_audit_log_alone(self, ready):
        ada = UserFactory(username="lovelace")
        run = training_run_cancel(request(ready), actor=ada)
        assert "Cancelled by a member of staff" in run.log
        assert "lovelace" not in run.log
        event = AuditEvent.objects.get(action="training", details__step="cancelled")
        assert (event.actor_id, event.object_id) == (ada.pk, str(run.pk))

    def test_it_is_too_late_once_it_is_over(self, ready):
        run = training_run_cancel(request(ready), actor=None)
        with pytest.raises(IllegalTransition):
            training_run_cancel(run, actor=None)


@pytest.mark.parametrize(
    ("phase", "epoch", "step", "percent"),
    [
        ("waiting", 0, 0, 0),
        ("train", 0, 0, 3),
        ("train", 1, 5, 21),
        ("validate", 1, 1, 39),
        ("train", 2, 5, 57),
        ("validate", 2, 1, 75),
        ("judge", 2, 7, 80),
        ("done", 2, 0, 100),
    ],
)
def test_the_bar_rises(phase, epoch, step, percent):
    assert TrainingRun(epochs=2, phase=phase, epoch=epoch, step=step, steps=10).percent == percent


class TestClaim:
    def test_a_worker_takes_it_up_once(self, ready):
        run = request(ready)
        claimed, _ = run_claim(run.pk)
        assert (claimed.state, claimed.tries, claimed.version.state) == ("running", 1, "training")
        assert run_claim(run.pk) == (None, None)

    def test_another_takes_over_from_a_silent_one(self, ready):
        run = request(ready)
        _, first = run_claim(run.pk)
        silent()
        _, second = run_claim(run.pk)
        assert second not in (None, first)

    def test_the_silent_one_can_write_no_more(self, ready):
        run, first = run_claim(request(ready).pk)
        silent()
        run_claim(run.pk)
        run_fail(run, first, "late", "")
        run.refresh_from_db()
        assert run.state == "running"

    def test_it_fails_visibly_after_three_workers(self, ready):
        run = request(ready)
        for _ in range(4):
            run_claim(run.pk)
            silent()
        run.refresh_from_db()
        assert (run.state, run.failure) == ("failed", "worker_lost")

    def test_the_sweep_finds_silent_and_forgotten_runs(self, ready):
        run = request(ready)
        assert training_runs_claim_lost() == []
        silent()
        assert training_runs_claim_lost() == [run.pk]
        assert training_runs_claim_lost() == []
        run_claim(run.pk)
        TrainingRun.objects.update(queued_at=timezone.now() - timedelta(hours=1))
        assert training_runs_claim_lost() == []


def silent():
    """Nobody has heard of the run's worker for an hour."""
    long_ago = timezone.now() - timedelta(hours=1)
    TrainingRun.objects.update(queued_at=long_ago)
    TrainingRun.objects.filter(state="running").update(heartbeat_at=long_ago)


class TestPromotionByItself:
    @pytest.fixture
    def finish(self, ready, champion):
        """Ends a run with thresholds shifted by so much from the champion's."""

        def end(shift, *, passed=True, report=None):
            run, claim = run_claim(request(ready).pk)
            manifest = json.loads(json.dumps(champion.manifest))
            table = manifest["calibration"]["rules"]["template_mean"]
            table["0.0001"] = [threshold + shift for threshold in table["0.0001"]]
            path = "stored" if passed else ""
            run_finish(run, claim, Outcome("d" * 64, path, json.dumps(manifest), report or {}, passed))
            return version_promote_alone(run)

        return end

    def test_it_waits_for_a_hand(self, finish):
        assert finish(0) is None
        assert ModelVersion.objects.get(path="stored").report == {"looser_threshold": False}

    def test_it_begins_if_the_site_wants_it(self, finish, settings):
        settings.RETRAINING_PROMOTE = "automatic"
        assert finish(0.01).version.path == "stored"

    def test_a_looser_threshold_waits_all_the_same(self, finish, settings):
        settings.RETRAINING_PROMOTE = "automatic"
        assert finish(-0.01) is None
        assert ModelVersion.objects.get(path="stored").report == {"looser_threshold": True}

    @pytest.mark.parametrize("report", [judged(0.3), judged(0.01, fmr=1e-2)], ids=["too many", "unknown"])
    def test_what_keeps_rightful_people_out_never_does(self, finish, settings, report):
        settings.RETRAINING_PROMOTE = "automatic"
        assert finish(0.01, report=report) is None
        assert promotions_claim_lost() == []
        assert not Promotion.objects.exists()

    def test_a_refused_version_never_does(self, finish, settings):
        settings.RETRAINING_PROMOTE = "automatic"
        assert finish(0, passed=False) is None


class TestLineage:
    def test_it_names_the_models_that_saw_a_person(self, ready):
        version = request(ready).version
        version.lineage["subjects"] = {"7": ["a sample"]}
        version.save()
        assert list(ModelVersion.that_saw(7)) == [version]
        assert list(ModelVersion.that_saw(77)) == []


class TestAudit:
    def test_it_records_every_step(self, ready):
        ada = UserFactory()
        run, claim = run_claim(request(ready, actor=ada).pk)
        run_fail(run, claim, "disk_full", "")
        events = AuditEvent.objects.filter(action="training").order_by("pk")
        assert [event.details["step"] for event in events] == ["requested", "started", "failed"]
        assert [event.outcome for event in events] == ["success", "success", "refused"]
        assert events[0].actor_id == ada.pk
        assert events[2].details["code"] == "disk_full"
        assert {event.object_id for event in events} == {str(run.pk)}


class TestSchedule:
    def test_it_is_made_once_and_then_the_operators(self):
        retraining_schedule_prepare()
        PeriodicTask.objects.filter(name="retrain monthly").update(enabled=False)
        retraining_schedule_prepare()
        tasks = PeriodicTask.objects.filter(task=training_request_due.name)
        assert dict(tasks.values_list("name", "enabled")) == {
            "retrain monthly": False,
            "retrain when many people are new": False,
        }
        assert all("new_subjects" in json.loads(task.kwargs) for task in tasks)

    def test_it_waits_for_new_people(self, ready):
        assert new_training_subjects() == 0
        training_request_due(new_subjects=1)
        assert not TrainingRun.objects.exists()

    def test_it_asks_once_they_came(self, ready, settings):
        settings.RETRAINING_MIN_SUBJECTS = 2
        for _ in range(2):
            person()
        training_request_due(new_subjects=2)
        assert TrainingRun.objects.get().uses_site

    def test_who_was_learned_from_is_not_new(self, ready):
        known, _ = person(), person()
        version = request(ready).version
        version.lineage["subjects"] = {str(known.pk): []}
        version.save()
        TrainingRun.objects.update(state="refused")
        assert new_training_subjects() == 1


def test_the_command_says_why_not(champion):
    with pytest.raises(CommandError, match="no_evaluation_set"):
        call_command("request_training")


def test_the_command_knows_its_sets(ready):
    with pytest.raises(CommandError, match="no training set"):
        call_command("request_training", training_set="others")
    call_command("request_training", training_set="training", without_site=True, epochs=3)
    run = TrainingRun.objects.get()
    assert (run.training_set, run.epochs) == (ready, 3)


@pytest.mark.parametrize(
    "option", [{"epochs": -5}, {"epochs": 0}, {"epochs": 99999999999}, {"note": "x" * 201}]
)
def test_the_command_knows_its_limits(ready, option):
    with pytest.raises(CommandError, match="invalid"):
        call_command("request_training", training_set="training", without_site=True, **option)


@pytest.mark.django_db(transaction=True)
def test_eight_requests_at_once_open_one_run():
    model_version()
    people_set()
    ready = people_set("training", digest="b")

    def ask(_):
        try:
            return request(ready).state
        except TrainingRefused as error:
            return error.code

    outcomes = at_once(ask, range(8))
    assert sorted(outcomes) == ["requested"] + 7 * ["training_open"]
