"""Changing the active version: nobody is ever without a template under the version in use."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connections

from enrollment.errors import PromotionRefused
from enrollment.jobs import embeddings_of, reembedding, template_extract
from enrollment.models import AuditEvent, ModelVersion, Promotion, Sample, Template
from enrollment.models.promotion import lacking_samples
from enrollment.services import (
    face_erase,
    model_version_promote,
    model_version_register,
    model_version_roll_back,
    promotion_cancel,
    sample_delete,
    sample_submit,
)
from ml.config import ARTIFACTS
from ml.serving.artifacts import MANIFEST, Artifact
from tests.crowd import at_once
from tests.faces import jpeg, portrait, portraits
from tests.factories import ConsentFactory, SampleFactory, SubjectFactory, accepted_sample, model_version

pytestmark = pytest.mark.django_db(transaction=True)


def registered(folder: Path, **changes: object) -> ModelVersion:
    """The shipped network under another name: equal embeddings, another version."""
    shutil.copytree(configured.FACE_MODEL, folder)
    manifest = json.loads((folder / MANIFEST).read_text()) | {"name": folder.name} | changes
    (folder / MANIFEST).write_text(json.dumps(manifest))
    artifact = Artifact.load(folder)
    return model_version_register(
        name=artifact.name,
        network=artifact.network,
        path=str(folder),
        digest=artifact.digest,
        report={},
        manifest=manifest,
    )


@pytest.fixture(autouse=True)
def queue(broker):
    """Messages wait in the broker; tests call the jobs themselves."""


@pytest.fixture
def active():
    return model_version()


@pytest.fixture
def candidate(active, tmp_path):
    return registered(tmp_path / "twin-1")


def enrolled(count=3):
    """Somebody whose anchors were decided by the worker."""
    subject = ConsentFactory().subject
    for _ in range(count):
        template_extract(str(SampleFactory(subject=subject, image=_picture()).pk))
    return subject


def _picture():
    return ContentFile(jpeg(portrait()), name="x")


def promoted(version, **options) -> Promotion:
    promotion = model_version_promote(version, actor=None, **options)
    reembedding.promotion_execute(promotion.pk)
    promotion.refresh_from_db()
    return promotion


def judged(fnmr: float, **changes) -> dict:
    """What the gate's report says of a version that refuses so many."""
    frozen = {"subjects": 60, "challenger": {"fnmr": {"value": fnmr}}}
    return {
        "gate": {"passed": True, "figures": {"frozen": frozen}},
        "judged": {"rule": "template_mean", "fmr": 1e-4} | changes,
    }


def state_of(version) -> str:
    version.refresh_from_db()
    return version.state


def test_it_makes_every_template_and_then_switches(active, candidate):
    enrolled()
    promotion = promoted(candidate)
    assert (promotion.state, promotion.done, promotion.total) == ("switched", 3, 3)
    assert (state_of(candidate), state_of(active)) == ("active", "retired")
    assert Template.objects.filter(model_version=candidate).count() == 3
    assert Template.objects.filter(model_version=active).count() == 3


def test_equal_networks_give_equal_templates_of_the_stored_crops(active, candidate):
    subject = enrolled(1)
    promoted(candidate)
    old, new = embeddings_of(list(Template.objects.filter(sample__subject=subject).order_by("pk")))
    assert float(old @ new) > 0.995  # JPEG lies between them


def test_an_anchor_accepted_during_the_change_gets_both_templates(active, candidate):
    model_version_promote(candidate, actor=None)
    enrolled(1)
    assert set(Template.objects.values_list("model_version", flat=True)) == {active.pk, candidate.pk}


def test_an_anchor_accepted_afterwards_can_still_be_rolled_back_to(active, candidate):
    promoted(candidate)
    enrolled(1)
    model_version_roll_back(candidate, actor=None)
    assert state_of(active) == "active"
    assert not lacking_samples(active).exists()


def test_it_switches_only_when_nobody_lacks_a_template(active, candidate):
    enrolled()
    promotion = model_version_promote(candidate, actor=None)
    assert not promotion.switch()
    assert (state_of(active), state_of(candidate)) == ("active", "candidate")


def test_a_worker_killed_between_batches_is_taken_over(active, candidate, monkeypatch):
    enrolled()
    monkeypatch.setattr(reembedding, "BATCH", 1)
    store, calls = reembedding._store, []

    def die_after_one(promotion, templates):
        if calls:
            raise KeyboardInterrupt  # what a killed process leaves: one batch, and an open row
        calls.append(store(promotion, templates))

    promotion = model_version_promote(candidate, actor=None)
    monkeypatch.setattr(reembedding, "_store", die_after_one)
    with pytest.raises(KeyboardInterrupt):
        reembedding.promotion_execute(promotion.pk)
    monkeypatch.setattr(reembedding, "_store", store)
    assert (state_of(active), lacking_samples(candidate).count()) == ("active", 2)
    Promotion.objects.update(queued_at="2026-01-01T00:00Z", heartbeat_at="2026-01-01T00:00Z")
    assert reembedding.promotions_claim_lost() == [promotion.pk]
    reembedding.promotion_execute(promotion.pk)
    assert state_of(candidate) == "active"
    assert Template.objects.count() == 6


def test_a_picture_deleted_or_a_face_erased_meanwhile_does_not_come_back(active, candidate, monkeypatch):
    one, other = enrolled(), enrolled()
    store = reembedding._store

    def delete_first(promotion, templates):
        for sample in one.samples.all()[:1]:
            sample_delete(sample)
        face_erase(other.user)
        store(promotion, templates)

    monkeypatch.setattr(reembedding, "_store", delete_first)
    assert promoted(candidate).state == "switched"
    assert Template.objects.filter(sample__subject=other).count() == 0
    assert Template.objects.filter(model_version=candidate).count() == Sample.objects.count()


def test_of_eight_at_once_one_promotes(active, candidate):
    def press(_):
        try:
            return model_version_promote(candidate, actor=None) and "promoted"
        except PromotionRefused as error:
            return error.code

    codes = at_once(press, range(8))
    assert sorted(codes) == ["promoted", *["promotion_open"] * 7]
    assert Promotion.objects.count() == 1


def test_two_clicks_on_roll_back_go_back_once(active, candidate):
    promoted(candidate)
    model_version_roll_back(candidate, actor=None)
    with pytest.raises(PromotionRefused, match="changed_meanwhile"):
        model_version_roll_back(candidate, actor=None)
    assert state_of(active) == "active"


def test_there_is_nothing_to_go_back_to_at_first(active):
    with pytest.raises(PromotionRefused, match="nothing_to_roll_back"):
        model_version_roll_back(active, actor=None)


def test_a_roll_back_calls_an_open_promotion_off(active, candidate, tmp_path):
    promoted(candidate)
    other = model_version_promote(registered(tmp_path / "twin-2"), actor=None)
    model_version_roll_back(candidate, actor=None)
    reembedding.promotion_execute(other.pk)
    other.refresh_from_db()
    assert (other.state, state_of(active)) == ("cancelled", "active")


def test_a_cancelled_promotion_leaves_the_active_version(active, candidate):
    enrolled(1)
    promotion = model_version_promote(candidate, actor=None)
    promotion_cancel(promotion, actor=None)
    reembedding.promotion_execute(promotion.pk)
    assert (state_of(active), Template.objects.count()) == ("active", 1)


def test_a_face_that_cannot_be_read_fails_the_promotion_and_nothing_else(active, candidate, portrait_vector):
    accepted_sample(SubjectFactory(), active, portrait_vector)  # its crop is no picture
    promotion = promoted(candidate)
    assert (promotion.state, promotion.failure) == ("failed", "crop_unusable")
    assert (state_of(active), state_of(candidate)) == ("active", "candidate")


def test_an_altered_artifact_fails_the_promotion(active, candidate):
    (Path(candidate.path) / "embedding.tflite").write_bytes(b"something else")
    promotion = promoted(candidate)
    assert (promotion.state, promotion.failure) == ("failed", "service_unavailable")
    assert state_of(active) == "active"


@pytest.fixture
def looser(active, tmp_path):
    calibration = json.loads(json.dumps(active.manifest["calibration"]))
    calibration["rules"]["template_mean"]["0.0001"] = [0.1] * 10
    return registered(tmp_path / "looser-1", calibration=calibration)


def test_a_looser_threshold_has_to_be_confirmed(looser):
    with pytest.raises(PromotionRefused, match="looser_threshold"):
        model_version_promote(looser, actor=None)
    assert promoted(looser, accepts_looser=True).state == "switched"


def test_the_active_version_cannot_be_promoted(active):
    with pytest.raises(PromotionRefused, match="not_promotable"):
        model_version_promote(active, actor=None)


def test_a_network_to_study_does_not_take_over(active):
    call_command("register_model", ARTIFACTS / "contrastive48-1", verbosity=0)
    with pytest.raises(PromotionRefused, match="not_measured"):
        model_version_promote(
            ModelVersion.objects.get(name="contrastive48-1"), actor=None, accepts_looser=True
        )
    assert not Promotion.objects.exists()


def test_a_version_that_refuses_too_many_does_not_take_over(active, candidate):
    candidate.report = judged(0.3)
    candidate.save()
    with pytest.raises(PromotionRefused, match="refuses_too_many"):
        model_version_promote(candidate, actor=None)


def test_what_was_measured_for_a_looser_target_is_not_enough(active, candidate, settings):
    candidate.report = judged(0.01)
    candidate.save()
    settings.FACE_TARGET_FMR = 1e-5
    with pytest.raises(PromotionRefused, match="not_measured"):
        model_version_promote(candidate, actor=None)


def test_no_row_opens_a_promotion_past_the_checks(active, looser):
    """Whoever begins one, by hand or by policy."""
    with pytest.raises(PromotionRefused, match="looser_threshold"):
        Promotion.begin(looser, actor=None)
    looser.manifest["report"] = {}
    looser.save()
    with pytest.raises(PromotionRefused, match="not_measured"):
        Promotion.begin(looser, actor=None, accepts_looser=True)


def test_a_version_that_was_in_use_may_come_back_whatever_was_measured(active, candidate):
    promoted(candidate)
    active.refresh_from_db()
    active.manifest["report"] = {}
    active.save()
    assert promoted(active).state == "switched"


def test_old_templates_go_when_the_time_to_roll_back_is_over(active, candidate, settings):
    enrolled()
    promoted(candidate)
    assert reembedding.templates_prune() == 0
    settings.ROLL_BACK_DAYS = 0
    assert reembedding.templates_prune() == 3
    assert set(Template.objects.values_list("model_version", flat=True)) == {candidate.pk}
    with pytest.raises(PromotionRefused, match="nothing_to_roll_back"):
        model_version_roll_back(candidate, actor=None)


def test_every_step_is_audited(active, candidate, owner):
    promotion = model_version_promote(candidate, actor=owner)
    reembedding.promotion_execute(promotion.pk)
    model_version_roll_back(candidate, actor=owner)
    steps = AuditEvent.objects.filter(action="model_activate", actor_id=owner.pk).order_by("pk")
    assert [event.details["step"] for event in steps] == ["requested", "switched", "rolled_back"]


def test_the_commands_promote_and_roll_back(active, looser, capsys):
    enrolled(1)
    with pytest.raises(CommandError, match="looser_threshold"):
        call_command("promote_model", looser.name)
    call_command("promote_model", looser.name, "--accept-looser-threshold", "--now")
    call_command("rollback_model")
    assert "is Switched" in capsys.readouterr().out
    assert state_of(active) == "active"


def test_people_enroll_while_the_version_changes(active, candidate):
    """One thread adds anchors, another promotes and goes back; in the end nobody lacks a template."""
    subject = ConsentFactory().subject
    failed = []

    def enroll():
        try:
            for picture in portraits() * 2:
                sample = sample_submit(subject.user, _file(picture))
                template_extract(str(sample.pk))
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=enroll)
    thread.start()
    while thread.is_alive():
        promoted(candidate)
        promoted(active)
    thread.join()
    assert not [error for error in failed if "duplicate" not in str(error)]
    assert subject.samples.filter(state="accepted").count() == 3
    assert not lacking_samples(active).exists()
    assert not lacking_samples(candidate).exists()


def _file(data):
    return SimpleUploadedFile("x.jpg", data)


@pytest.fixture
def portrait_vector():
    return np.ones(192, np.float32) / 192**0.5
