import pytest

from ml.siamese.rules import RULES
from verification.checks import check_decision_rule
from verification.policy import DecisionRule


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
