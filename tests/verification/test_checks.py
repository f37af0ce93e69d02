import pytest

from ml.config import CALIBRATED_FMRS
from ml.siamese.rules import RULES
from verification.checks import check_decision_rule, check_liveness_on, check_sessions, check_target_rate
from verification.policy import TARGET_FMRS, DecisionRule


@pytest.mark.parametrize("rule", RULES)
def test_it_knows_every_rule_that_can_be_carried_out(settings, rule):
    settings.FACE_DECISION_RULE = rule
    assert check_decision_rule() == []


def test_it_names_no_rule_that_cannot_be_carried_out():
    assert set(DecisionRule) == set(RULES)


@pytest.mark.parametrize("rule", ["", "majority", "TEMPLATE_MEAN"])
def test_it_refuses_an_unknown_rule(settings, rule):
    settings.FACE_DECISION_RULE = rule
    assert [error.id for error in check_decision_rule()] == ["verification.E001"]


@pytest.mark.parametrize("seconds", [0, 19, 601, 86_400])
def test_it_refuses_sessions_that_end_too_soon_or_stay_open(settings, seconds):
    assert check_sessions() == []
    settings.VERIFICATION_SESSION_SECONDS = seconds
    assert [error.id for error in check_sessions()] == ["verification.E005"]


@pytest.mark.parametrize("rate", [0.0, 0.05, 2e-4, 1.0])
def test_it_refuses_a_rate_that_no_model_has_a_threshold_for(settings, rate):
    assert check_target_rate() == []
    settings.FACE_TARGET_FMR = rate
    assert [error.id for error in check_target_rate()] == ["verification.E006"]


def test_it_knows_the_rates_that_models_are_calibrated_for():
    assert TARGET_FMRS == CALIBRATED_FMRS


def test_it_warns_of_a_site_that_takes_photographs(settings):
    settings.LIVENESS = "required"
    assert check_liveness_on() == []
    settings.LIVENESS = "off"
    assert [warning.id for warning in check_liveness_on()] == ["verification.W001"]
    settings.FACE_SIGN_IN = "off"
    assert check_liveness_on() == []
