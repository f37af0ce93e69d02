"""System checks: a site whose decisions nobody calibrated does not start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from enrollment.checks import SITE
from verification.challenge import FEWEST_ACTIONS, Liveness, can_draw
from verification.policy import TARGET_FMRS, DecisionRule, FaceSignIn

# Somebody has to be able to follow the instructions; a session that stays open waits for a recording.
SESSION_SECONDS = range(20, 601)


@register(SITE)
def check_decision_rule(**_: Any) -> list[CheckMessage]:
    if settings.FACE_DECISION_RULE not in list(DecisionRule):
        return [
            Error(
                f"FACE_DECISION_RULE: expected one of {', '.join(DecisionRule)}, got {settings.FACE_DECISION_RULE!r}.",
                id="verification.E001",
            )
        ]
    return []


@register(SITE)
def check_face_sign_in(**_: Any) -> list[CheckMessage]:
    if settings.FACE_SIGN_IN not in list(FaceSignIn):
        return [
            Error(
                f"FACE_SIGN_IN: expected one of {', '.join(FaceSignIn)}, got {settings.FACE_SIGN_IN!r}.",
                id="verification.E002",
            )
        ]
    return []


@register(SITE)
def check_liveness(**_: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if settings.LIVENESS not in list(Liveness):
        expected = ", ".join(Liveness)
        errors.append(
            Error(f"LIVENESS: expected one of {expected}, got {settings.LIVENESS!r}.", id="verification.E003")
        )
    if not can_draw(settings.LIVENESS_ACTIONS, settings.LIVENESS_ACTION_COUNT):
        errors.append(
            Error(
                "LIVENESS_ACTIONS: expected known actions, a turn among them, and at least LIVENESS_ACTION_COUNT"
                f" ({settings.LIVENESS_ACTION_COUNT}, which is {FEWEST_ACTIONS} or more),"
                f" got {settings.LIVENESS_ACTIONS}.",
                id="verification.E004",
            )
        )
    return errors


@register(SITE, deploy=True)
def check_liveness_on(**_: Any) -> list[CheckMessage]:
    if settings.LIVENESS == Liveness.OFF and settings.FACE_SIGN_IN != FaceSignIn.OFF:
        return [
            CheckWarning(
                "LIVENESS is off: a photograph of a person signs in as them.", id="verification.W001"
            )
        ]
    return []


@register(SITE)
def check_sessions(**_: Any) -> list[CheckMessage]:
    if settings.VERIFICATION_SESSION_SECONDS not in SESSION_SECONDS:
        return [
            Error(
                f"VERIFICATION_SESSION_SECONDS: expected {SESSION_SECONDS.start} to {SESSION_SECONDS.stop - 1},"
                f" got {settings.VERIFICATION_SESSION_SECONDS}.",
                id="verification.E005",
            )
        ]
    return []


@register(SITE)
def check_target_rate(**_: Any) -> list[CheckMessage]:
    if settings.FACE_TARGET_FMR not in TARGET_FMRS:
        expected = ", ".join(f"{rate:g}" for rate in TARGET_FMRS)
        return [
            Error(
                f"FACE_TARGET_FMR: expected one of {expected}, got {settings.FACE_TARGET_FMR:g}.",
                hint="Models have thresholds for these rates alone: with another one everybody would be turned away.",
                id="verification.E006",
            )
        ]
    return []
