"""What the site answers, in the words of its API. All of it is immutable."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Reason:
    """Why a picture cannot be used, or a face was not confirmed. `code` is stable; `picture` says which of several."""

    code: str
    message: str = ""
    picture: str = ""


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
    """A picture to recognise a person by: `pending`, then `accepted` or `rejected` with reasons.

    It has neither id nor date where the file itself was refused. `quality` is of what was measured, by name.
    """

    id: str | None
    state: str
    created_at: datetime | None
    reasons: tuple[Reason, ...] = ()
    box: Box | None = None
    quality: dict[str, float] | None = None

    @property
    def is_accepted(self) -> bool:
        return self.state == "accepted"


@dataclass(frozen=True)
class Anchors:
    """How far an enrollment is: the face is `usable` from `minimum` accepted pictures on."""

    accepted: int
    pending: int
    minimum: int
    maximum: int
    usable: bool
    remaining: int


@dataclass(frozen=True)
class FaceSignIn:
    """Whether the person can sign in by face now, and where a face counts on the site."""

    possible: bool
    policy: str


@dataclass(frozen=True)
class OpenedSession:
    """How the session was opened. `fresh`: something other than a face was shown lately."""

    face_only: bool
    fresh: bool


@dataclass(frozen=True)
class Me:
    """The person who asks."""

    username: str
    email: str
    email_verified: bool
    consents: Consents
    anchors: Anchors
    face_sign_in: FaceSignIn
    session: OpenedSession


@dataclass(frozen=True)
class Enrollment:
    """What became of pictures, in the order in which they were sent, and how far the enrollment is."""

    samples: tuple[Sample, ...]
    anchors: Anchors

    @property
    def rejected(self) -> tuple[Sample, ...]:
        return tuple(sample for sample in self.samples if not sample.is_accepted)


@dataclass(frozen=True)
class Subject:
    """A person whom a backend keeps."""

    id: str
    external_id: str | None
    consent: bool
    training_consent: bool
    anchors: Anchors
    created_at: datetime


@dataclass(frozen=True)
class SubjectVerification:
    """Whether a picture shows the subject; `matched` is None where it cannot be told, for the `reasons`."""

    id: str
    state: str
    matched: bool | None = None
    similarity: float | None = None
    threshold: float | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class ImportedPicture:
    """What became of one picture of an import."""

    name: str
    state: str
    subject: str | None = None
    sample: str | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    """How far an import is: `pending`, then `decided`."""

    id: str
    state: str
    total: int
    pending: int
    accepted: int
    rejected: int
    pictures: tuple[ImportedPicture, ...]
    created_at: datetime


@dataclass(frozen=True)
class Challenge:
    """Movements to make, in this order, and how many frames of what size to send of them."""

    actions: tuple[str, ...]
    min_frames: int
    max_frames: int
    max_side_px: int


@dataclass(frozen=True)
class NextStep:
    """What the account asks for beside a face: go on with `flow` below `/_allauth/app/v1/`, with this token."""

    flow: str
    session_token: str | None = field(repr=False)


@dataclass(frozen=True)
class SignIn:
    """A session token, or what else the account asks for."""

    session_token: str | None = field(repr=False)
    next_step: NextStep | None = None


@dataclass(frozen=True)
class VerificationSession:
    """`created`, `in_progress`, then `succeeded`, `failed` or `expired`."""

    id: str
    purpose: str
    state: str
    expires_at: datetime
    reason: Reason | None = None
    challenge: Challenge | None = None
    # Told once, by a `sign_in` of an app that succeeded; where the account asks for more, the next step holds one.
    session_token: str | None = field(default=None, repr=False)
    next_step: NextStep | None = None

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
    boxes: tuple[Box, ...] = ()
    model: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A person whom a picture resembles. Numbers come with the scope `scores` alone; `subject` is None if erased."""

    subject: str | None
    name: str
    matched: bool
    external_id: str | None = None
    similarity: float | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Identification:
    """Whom a picture resembles, the closest first; `void` where it cannot be told, for the `reasons`."""

    id: str
    state: str
    candidates: tuple[Candidate, ...] = ()
    box: Box | None = None
    model: str = ""
    reasons: tuple[Reason, ...] = ()


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
class ModelVersion:
    """A version of the recognition model."""

    id: int
    name: str
    network: str
    state: str
    digest: str
    created_at: datetime
    activated_at: datetime | None = None
    # Of one version alone, as in the API's document.
    figures: dict[str, Any] | None = None
    report: dict[str, Any] | None = None
    lineage: dict[str, Any] | None = None
    promotion: Promotion | None = None


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
