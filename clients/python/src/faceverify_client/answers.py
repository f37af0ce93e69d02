"""What the site answers, in the words of its API. All of it is immutable."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Reason:
    """Why a picture cannot be used, or a face was not confirmed. `code` is stable."""

    code: str
    message: str = ""


@dataclass(frozen=True)
class Box:
    """Of a face, in pixels of the upright picture; `probability` that it is one, 0 to 1."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float
    probability: float = 1.0


@dataclass(frozen=True)
class Consent:
    """Whether something was agreed to, when, and to which text."""

    given: bool
    text_version: str = ""
    given_at: datetime | None = None


@dataclass(frozen=True)
class Consents:
    """What a person agreed to, and the text that is shown now."""

    text_version: str
    sign_in: Consent
    training: Consent


@dataclass(frozen=True)
class Sample:
    """A picture to recognise a person by: `pending`, then `accepted` or `rejected` with reasons."""

    id: str
    state: str
    created_at: datetime
    reasons: tuple[Reason, ...] = ()

    @property
    def is_accepted(self) -> bool:
        return self.state == "accepted"


@dataclass(frozen=True)
class Challenge:
    """Movements to make, in this order, and how many frames of what size to send of them."""

    actions: tuple[str, ...]
    min_frames: int
    max_frames: int
    max_side_px: int


@dataclass(frozen=True)
class VerificationSession:
    """`created`, `in_progress`, then `succeeded`, `failed` or `expired`."""

    id: str
    purpose: str
    state: str
    expires_at: datetime
    reason: Reason | None = None
    challenge: Challenge | None = None
    # Told once, by a `sign_in` of an app that succeeded.
    session_token: str | None = field(default=None, repr=False)

    @property
    def has_succeeded(self) -> bool:
        return self.state == "succeeded"


@dataclass(frozen=True)
class Comparison:
    """Two pictures. The more alike they are, the higher is `similarity` and the lower `distance`."""

    id: str
    state: str
    matched: bool | None = None
    measure: str | None = None
    similarity: float | None = None
    distance: float | None = None
    threshold: float | None = None
    threshold_distance: float | None = None
    fmr: float | None = None
    boxes: tuple[Box | None, ...] = ()
    model: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class ModelVersion:
    """A version of the recognition model."""

    id: int
    name: str
    network: str
    state: str
    digest: str
    created_at: datetime
    activated_at: datetime | None = None


@dataclass(frozen=True)
class Promotion:
    """How far the change to another version is."""

    id: int
    version: str
    version_id: int
    state: str
    is_roll_back: bool
    percent: int
    created_at: datetime
    previous: str | None = None
    failure: str = ""
    failure_detail: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True)
class TrainingRun:
    """A training, and how far it is."""

    id: int
    state: str
    kind: str
    network: str
    percent: int
    created_at: datetime
    phase: str = ""
    version_id: int | None = None
    failure: str = ""
    failure_detail: str = ""
    finished_at: datetime | None = None
    log: tuple[str, ...] = ()
