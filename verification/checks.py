"""System checks: a site whose decisions nobody calibrated does not start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from verification.policy import DecisionRule


@register
def check_decision_rule(**_: Any) -> list[CheckMessage]:
    if settings.FACE_DECISION_RULE not in list(DecisionRule):
        return [
            Error(
                f"FACE_DECISION_RULE: expected one of {', '.join(DecisionRule)}, got {settings.FACE_DECISION_RULE!r}.",
                id="verification.E001",
            )
        ]
    return []
