"""What a model version may become, and who vouches for its artifact."""

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from enrollment.errors import IllegalTransition
from enrollment.models import ModelVersion
from enrollment.models.model_version import RefusalRate

pytestmark = pytest.mark.django_db


def version(name="one", **fields):
    return ModelVersion(name=name, network="mobilefacenet", **{"digest": f"{name:0>64}", **fields})


def calibrated(*thresholds, network="mobilefacenet"):
    rules = {"template_mean": {"0.0001": list(thresholds)}}
    return ModelVersion(network=network, manifest={"calibration": {"rules": rules}})


def test_it_goes_from_draft_to_active_and_back_again():
    one = version(state="draft")
    one.begin()
    one.judged(passed=True)
    one.activate()
    one.retire()
    one.activate()
    assert one.state == "active"
    assert one.activated_at


@pytest.mark.parametrize("state", ["draft", "training", "refused", "active"])
def test_it_never_activates_what_is_no_candidate(state):
    with pytest.raises(IllegalTransition):
        version(state=state).activate()


def test_a_refused_one_stays_refused():
    one = version(state="training")
    one.judged(passed=False)
    with pytest.raises(IllegalTransition):
        one.judged(passed=True)


def test_only_one_is_active():
    version(state="active").save()
    with transaction.atomic(), pytest.raises(IntegrityError):
        version("two", state="active").save()


def test_drafts_share_the_empty_digest():
    version(state="draft", digest="").save()
    version("two", state="draft", digest="").save()
    with transaction.atomic(), pytest.raises(IntegrityError):
        version("three", state="candidate", digest="").save()


def test_a_signature_covers_the_digest():
    one = version()
    assert not one.is_signed
    one.sign()
    assert one.is_signed
    one.digest = "f" * 64
    assert not one.is_signed


def test_another_key_has_to_be_named_to_count(settings):
    one = version()
    one.sign()
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="new" * 20):
        assert not one.is_signed
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[old]):
        assert one.is_signed


SHOWN = {
    "protocol": "templates",
    "rule": "template_mean",
    "anchors": 3,
    "fnmr_at_fmr": {"0.001": 0.01, "0.0001": 0.02},
    "shipped_threshold": {"threshold": 0.6, "fnmr": 0.03},
    "subjects": 61,
}


@pytest.mark.parametrize(
    ("fmr", "fnmr", "at"),
    [(1e-2, 0.01, 1e-3), (1e-3, 0.01, 1e-3), (1e-4, 0.03, 1e-4), (1e-5, 0.03, 1e-4)],
    ids=["nearest stricter", "equal", "at its own threshold", "only looser"],
)
def test_its_refusal_rate_names_the_target_that_it_belongs_to(fmr, fnmr, at):
    one = calibrated(0.5, 0.55, 0.6)
    one.manifest["report"] = {"templates_3": SHOWN}
    assert one.refusal_rate(rule="template_mean", fmr=fmr, anchors=3) == RefusalRate(fnmr, at, 61)


@pytest.mark.parametrize(("rule", "anchors"), [("best_anchor", 3), ("template_mean", 4)])
def test_it_knows_no_refusal_rate_of_what_was_not_measured(rule, anchors):
    one = calibrated(0.5, 0.55, 0.6)
    one.manifest["report"] = {"templates_3": SHOWN}
    assert one.refusal_rate(rule=rule, fmr=1e-4, anchors=anchors) is None


@pytest.mark.parametrize(
    ("mine", "looser"),
    [
        (calibrated(0.5, 0.6), False),
        (calibrated(0.6, 0.7), False),
        (calibrated(0.5, 0.59), True),
        (calibrated(), True),
        (calibrated(0.5, 0.6, network="contrastive48"), True),
    ],
    ids=["equal", "stricter", "looser", "uncalibrated", "unlike"],
)
def test_it_knows_a_looser_threshold(mine, looser):
    assert mine.is_looser_than(calibrated(0.5, 0.6), rule="template_mean", fmr=1e-4) is looser
