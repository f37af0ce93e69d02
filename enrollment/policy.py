"""Rules of enrollment, pure: no database, no network."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class AnchorStatus:
    """How far a person's enrollment is."""

    accepted: int
    pending: int
    minimum: int
    maximum: int

    @property
    def usable(self) -> bool:
        """Whether the face can be signed in with."""
        return self.accepted >= self.minimum

    @property
    def remaining(self) -> int:
        """Anchors still needed before the face is usable."""
        return max(0, self.minimum - self.accepted)

    @property
    def full(self) -> bool:
        return self.accepted + self.pending >= self.maximum


# The wordings of the consent page, oldest first: since when, and what changed, in words for people. Whoever changes the
# meaning of the page adds one here, and everybody is asked again.
CONSENT_TEXTS = {"2026-11": (date(2026, 11, 1), "The first wording.")}
# So long a face goes on signing in under an older wording.
CONSENT_GRACE = timedelta(days=30)


def consent_text() -> str:
    """The version of the wording that is shown now."""
    return next(reversed(CONSENT_TEXTS))


def consent_text_ends() -> date:
    """The day on which consents to older wordings stop counting."""
    return CONSENT_TEXTS[consent_text()][0] + CONSENT_GRACE


def consent_changes(agreed: str) -> list[str]:
    """What changed since a wording; all there is to say if nobody knows it any more."""
    known = list(CONSENT_TEXTS)
    newer = known[known.index(agreed) + 1 :] if agreed in known else known
    return [CONSENT_TEXTS[version][1] for version in newer]


# Networks that can be trained, with the epochs that usually do.
USUAL_EPOCHS = {"mobilefacenet": 10, "contrastive48": 40, "koch4096": 40}
# What may be asked of one run.
MOST_EPOCHS, MOST_NOTE_CHARACTERS = 200, 200
# Too few strangers prove nothing: without a false match in n comparisons, the rate is below 3 / n (rule of three).
RULE_OF_THREE = 3

# No version takes over that refuses more of the rightful tries than this.
MAX_FNMR = 0.1


def people_needed(*, fmr: float, images_a_person: float) -> int:
    """How many people a set must have, so that one half of them supports thresholds at a false match rate.

    Each of n people is compared with the pictures of the n - 1 others.
    """
    half = 2
    while half * (half - 1) * images_a_person * fmr < RULE_OF_THREE:
        half += 1
    return round(2.2 * half)  # the halves are never quite equal


def promotes_itself(*, mode: str, looser: bool) -> bool:
    """Whether a version that passed the gate is taken into use without a hand. A looser threshold never is."""
    return mode == "automatic" and not looser
