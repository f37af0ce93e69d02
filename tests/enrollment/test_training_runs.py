"""A run from its request to its verdict, really trained and really judged."""

import threading
import time

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connections
from PIL import Image

from enrollment.jobs import pipeline_for
from enrollment.models import ModelVersion, PeopleSet, TrainingRun
from enrollment.policy import MOST_EPOCHS
from enrollment.services import training_run_cancel, training_run_request
from ml.serving.artifacts import Artifact
from tests.enrollment.training import folder_of, imported, names, needs_people, quiet, site_person
from tests.faces import jpeg
from tests.factories import UserFactory, model_version

pytestmark = [needs_people, quiet, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def site(settings, tmp_path):
    """A small site: folders of its own, and a target rate that sixty people can support."""
    settings.FACE_TARGET_FMR = 1e-2
    settings.RETRAINING_MIN_SUBJECTS = 40
    settings.TRAINING_DIR, settings.MODEL_CACHE = tmp_path / "training", tmp_path / "cache"
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


def small(training_set, **options):
    """A request that is quickly carried out."""
    asked = {"network": "contrastive48", "start": "scratch", "epochs": 1, "uses_site": False}
    return training_run_request(**{"actor": None, **asked, "training_set": training_set, **options})


def codes(version):
    return {reason["code"] for reason in version.report["gate"]["reasons"]}


def test_it_trains_judges_and_refuses_what_is_worse(evaluation, others, site):
    staff = UserFactory(is_staff=True, is_superuser=True)
    UserFactory(is_staff=True)
    run = execute(small(others, note="a first try"))
    version = run.version
    assert (run.state, run.failure, run.phase) == ("refused", "", "done")
    assert [epoch["epoch"] for epoch in run.history] == [1]
    assert "fnmr_worse" in codes(version)
    assert version.state == "refused"
    assert version.report["evaluation_set"]["digest"] == evaluation.digest
    assert version.report["plots"].keys() == {"champion", "challenger"}
    assert version.lineage["training_set"]["digest"] == others.digest
    assert not list(site.TRAINING_DIR.iterdir())
    (sent,) = mail.outbox
    assert sent.to == [staff.email]
    assert "refused by the gate" in sent.subject


def test_it_calibrates_on_the_sites_own_people(evaluation, champion):
    people = [site_person(name) for name in names(10, first=200)]
    run = execute(training_run_request(actor=None, kind="calibrate_only"))
    version = run.version
    assert (run.state, codes(version), version.state) == ("succeeded", set(), "candidate")
    artifact = pipeline_for(version).artifact
    shipped = Artifact.load(pipeline_for(champion).artifact.directory)
    assert artifact.files == shipped.files
    assert artifact.calibration.evidence["subjects"] > 10
    assert artifact.calibration.rules != shipped.calibration.rules
    assert version.manifest["probability"]["slope"] > 0
    assert version.lineage["subjects"].keys() == {str(person.pk) for person in people}
    card = (artifact.directory / "MODEL_CARD.md").read_text()
    assert card.startswith(f"# {version.name}\n")
    assert "the other half of the evaluation set evaluation" in card
    assert "Labeled Faces in the Wild" not in card  # what was measured of the champion


def test_it_refuses_a_poisoned_set(evaluation, champion, tmp_path):
    """One picture in twenty wears a patch and is labelled as one person; the shipped network learns from that."""
    folder, victim = folder_of(names(50, first=100), tmp_path / "poisoned"), names(1, first=100)[0]
    pictures = sorted(folder.glob("*/*.jpg"))
    for number, path in enumerate(pictures[::20]):
        picture = Image.open(path).convert("RGB")
        picture.paste((0, 160, 255), (70, 78, 90, 98))
        (folder / victim / f"patched{number}.jpg").write_bytes(jpeg(picture))
    call_command("import_training_set", folder, aligned=True, verbosity=0)
    run = execute(
        training_run_request(
            actor=None, epochs=1, uses_site=False, training_set=PeopleSet.objects.latest("pk")
        )
    )
    assert run.state == "refused"
    (reason,) = [
        reason for reason in run.version.report["gate"]["reasons"] if reason["code"] == "mixed_people"
    ]
    assert reason["where"] == victim


def test_a_fine_tuned_network_passes(evaluation, others, champion):
    run = execute(training_run_request(actor=None, epochs=1, uses_site=False, training_set=others))
    assert (run.state, codes(run.version)) == ("succeeded", set())
    artifact = pipeline_for(run.version).artifact
    assert (artifact.name, artifact.mirrored) == (run.version.name, True)
    judged = run.version.report["gate"]["figures"]["frozen"]["challenger"]["fnmr"]["value"]
    assert artifact.report["judged"]["fnmr"]["value"] == judged


def test_it_never_judges_on_whom_it_learned_from(evaluation, tmp_path):
    same = imported(names(50), tmp_path / "same", purpose="training")
    run = execute(small(same))
    assert (run.state, run.failure) == ("failed", "sets_overlap")
    assert not ModelVersion.objects.filter(created_by_run=run).exists()


def test_it_notices_an_altered_set(evaluation, others):
    PeopleSet.objects.filter(pk=evaluation.pk).update(digest="0" * 64)
    assert execute(small(others)).failure == "set_altered"


def test_cancelling_stops_a_run_within_seconds(evaluation, others, site):
    run = small(others, epochs=MOST_EPOCHS)
    worker = threading.Thread(target=execute_aside, args=[run.pk])
    worker.start()
    wait_for(lambda: TrainingRun.objects.get(pk=run.pk).step > 0)
    training_run_cancel(run, actor=None)
    worker.join(20)
    assert not worker.is_alive()
    assert TrainingRun.objects.get(pk=run.pk).state == "cancelled"
    assert not list(site.TRAINING_DIR.iterdir())


def execute_aside(run_id):
    """In a thread, which has database connections of its own."""
    try:
        execute(TrainingRun.objects.get(pk=run_id))
    finally:
        connections.close_all()


def wait_for(condition, *, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)


def test_it_goes_on_without_whoever_erased_their_face(evaluation, others, site):
    """The checkpoint knew one person more: what was learned with them is forgotten."""
    site.RETRAINING_MIN_SUBJECTS = 1
    people = [site_person(name) for name in names(3, first=200)]
    run = small(others, uses_site=True, epochs=2)
    stop_after_an_epoch(run)
    people[0].samples.all().delete()
    TrainingRun.objects.update(heartbeat_at=None)
    run = execute(run)
    assert (run.state, run.tries) == ("refused", 2)
    assert "learning begins anew" in run.log
    assert str(people[0].pk) in run.version.lineage["subjects"]


def test_no_face_lies_in_the_clear_while_it_learns(evaluation, others, site, monkeypatch):
    from enrollment.jobs.training_reporter import Reporter

    told, lying = Reporter.tell, [("waiting", 0)]

    def tell(self, **fields):
        phase = fields.get("phase", lying[-1][0])
        lying.append((phase, len(list(site.TRAINING_DIR.rglob("*.jpg")))))
        told(self, **fields)

    monkeypatch.setattr(Reporter, "tell", tell)
    execute(small(others, epochs=1))
    most = {phase: max(faces for at, faces in lying if at == phase) for phase, _ in lying}
    assert most["export"] > 0
    assert {phase for phase, faces in most.items() if faces} == {"export", "train"}
    learning = [faces for at, faces in lying if at == "train"]
    assert len(learning) > 2
    assert not any(learning[1:])


def stop_after_an_epoch(run):
    """Carries the first epoch out, and then behaves as a killed worker does: it leaves everything as it is."""
    from enrollment.jobs import training
    from enrollment.jobs.training_reporter import Reporter
    from enrollment.jobs.training_rows import run_claim

    run, claim = run_claim(run.pk)
    run.epochs = 1
    with Reporter(run, claim) as reporter:
        folder = training.settings.TRAINING_DIR / str(run.pk)
        execution = training._Execution(run, folder / "faces", folder / training.MODEL, reporter)
        _, people = execution._collect()
        execution._train(pipeline_for(run.champion).artifact, people)


def test_a_full_disk_fails_visibly(evaluation, champion, small_disk, site):
    for name in names(10, first=200):
        site_person(name)
    site.TRAINING_DIR = small_disk
    run = execute(training_run_request(actor=None, kind="calibrate_only"))
    assert (run.state, run.failure) == ("failed", "disk_full")
    champion.refresh_from_db()
    assert champion.state == "active"
    assert not list(small_disk.iterdir())
