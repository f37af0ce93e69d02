"""Rules of verification, pure: no database, no network."""

import enum
import math
from datetime import datetime, timedelta

FREE_FAILURES = 5
FIRST_DELAY_SECONDS = 30
LONGEST_DELAY_SECONDS = 3600
FAILURES_UNTIL_OFF = 50
# One address, whatever the accounts: so many failures a minute, and so many different accounts a day.
SOURCE_FAILURES, SOURCE_FAILURES_WITHIN = 10, timedelta(minutes=1)
SOURCE_ACCOUNTS, SOURCE_BLOCKED_FOR = 10, timedelta(days=1)
# So long a challenge that nobody answered is asked again, instead of a new one.
CHALLENGE_STANDS_FOR = timedelta(hours=1)
# From this on staff read that a picture looks like a screen or a print; as `ml.faces.liveness.passive` has it.
ATTACK_HINT_FROM = 0.5
# The false match rates that models have thresholds for; as `ml.config` has them.
TARGET_FMRS = (1e-2, 1e-3, 1e-4, 1e-5)
# For a head that turned, which looks less like itself than one that faces the camera.
TURNED_FMR = 1e-3
# A worker that has not answered by now is taken to be away.
ANSWER_WITHIN = timedelta(seconds=15)


class Decision(enum.StrEnum):
    MATCH = "match"
    NON_MATCH = "non_match"


class DecisionRule(enum.StrEnum):
    """How several anchors decide on one probe; `ml.siamese.rules` carries them out under the same names."""

    TEMPLATE_MEAN = "template_mean"
    BEST_ANCHOR = "best_anchor"
    SHARE_OF_ANCHORS = "share_of_anchors"


class FaceSignIn(enum.StrEnum):
    """Where a face counts at sign-in."""

    PASSWORDLESS = "passwordless"
    SECOND_FACTOR = "second_factor"
    OFF = "off"


def decide(*, similarity: float, threshold: float) -> Decision:
    """MATCH when the similarity reaches the threshold. Anything that is not a number is a NON_MATCH."""
    if not (math.isfinite(similarity) and math.isfinite(threshold)):
        return Decision.NON_MATCH
    return Decision.MATCH if similarity >= threshold else Decision.NON_MATCH


def turned_fmr(target_fmr: float) -> float:
    """The false match rate for turned heads: never stricter than what the site asks of a face."""
    return max(TURNED_FMR, target_fmr)


def cosine_distance(similarity: float) -> float:
    """Euclidean distance, in [0, 2], of two unit vectors whose cosine is this similarity."""
    return math.sqrt(max(0.0, 2 - 2 * similarity))


def delay_seconds(failures: int) -> int:
    """Seconds to wait after so many consecutive failures: none, then 30, doubling to an hour."""
    if failures < FREE_FAILURES:
        return 0
    doublings = min(failures - FREE_FAILURES, 16)
    return min(FIRST_DELAY_SECONDS << doublings, LONGEST_DELAY_SECONDS)


def lockout_until(*, failures: int, last_failed_at: datetime | None) -> datetime | None:
    """When the next try is allowed, or None when it is allowed at once."""
    delay = delay_seconds(failures)
    return last_failed_at + timedelta(seconds=delay) if delay and last_failed_at else None


def is_off(failures: int) -> bool:
    """Whether face sign-in stays off until a sign-in by other means."""
    return failures >= FAILURES_UNTIL_OFF
