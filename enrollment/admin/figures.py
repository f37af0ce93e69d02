"""What a model version can do, in plain words."""

from typing import Any

from django.conf import settings

from enrollment.models import ModelVersion
from enrollment.models.model_version import TELLING_OF_PEOPLE

REASONS = {
    "fmr_above_target": "It lets more strangers pass than the site's target allows.",
    "fnmr_worse": "It turns more rightful people away than the active version.",
    "canary_accepted": "It takes two people for one who must never be mistaken for each other.",
    "universal_face": "One face is accepted as too many different people.",
    "universal_mark": "A mark on the face makes people pass as one another.",
    "mixed_people": "Pictures of different people were learned from under one name.",
    "parity_failed": "The served network differs from the trained one.",
}


def one_in(rate: float) -> str:
    """A rate as people say it: 0.0001 is 1 in 10,000."""
    if rate <= 0:
        return "none"
    many = 1 / rate
    digits = 10 ** max(0, len(str(int(many))) - 2)
    return f"1 in {round(many / digits) * digits:,.0f}" if many >= 10 else f"{rate:.0%}"


def plain_words(version: ModelVersion) -> list[str]:
    """Sentences about strangers, rightful people and the evidence; without figures, that there are none."""
    fmr = settings.FACE_TARGET_FMR
    words = []
    if version.thresholds(rule=settings.FACE_DECISION_RULE, fmr=fmr):
        words.append(
            f"{one_in(fmr)} strangers would pass a single try: that is what the threshold is set for."
        )
    rate = version.refusal_rate(rule=settings.FACE_DECISION_RULE, fmr=fmr, anchors=settings.FACE_MIN_ANCHORS)
    if rate is not None:
        share = f"{one_in(rate.fnmr)} tries" if rate.fnmr else "No try"
        words.append(f"{share} of a rightful person would be refused; shown on {rate.subjects:,} people.")
        if rate.fmr != fmr:
            more = "fewer" if rate.fmr < fmr else "more"
            words.append(
                f"That was measured where {one_in(rate.fmr)} strangers would pass; at this site it is {more}."
            )
    return words or ["Nothing was measured: evaluate this model before it is used."]


def refusals(version: ModelVersion) -> list[str]:
    """Why the gate refused a version, in words."""
    return [_refusal(reason) for reason in version.report.get("gate", {}).get("reasons", [])]


def _refusal(reason: dict[str, Any]) -> str:
    code = reason["code"]
    where = "" if code in TELLING_OF_PEOPLE else f"{reason['where']}: "
    return f"{REASONS.get(code, code)} ({where}{reason['challenger']:.4g}, allowed {reason['limit']:.4g})"
