import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from enrollment.errors import IllegalTransition
from enrollment.models.audit_event import AuditEvent
from enrollment.models.people_set import PeopleSet
from enrollment.models.user import User
from enrollment.policy import MOST_NOTE_CHARACTERS

LOG_CHARACTERS = 8000


class TrainingRun(models.Model):
    """One request to learn or to calibrate, and how far it is. At most one is open.

    States::

        REQUESTED --claim()--> RUNNING --+-- finish(passed=True) ---> SUCCEEDED  (its version is a candidate)
            |                   |    ^   +-- finish(passed=False) --> REFUSED    (the gate refused its version)
            |                   +----+   +-- fail(code) ------------> FAILED
            |              claim() again
            +---- cancel() ---------+---------- cancel() -----------> CANCELLED

    A worker that takes the run up writes a claim of its own into the row. Whoever had claimed it before, and was only
    thought dead, finds another claim and stops.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        REFUSED = "refused"
        CANCELLED = "cancelled"

    class Kind(models.TextChoices):
        TRAIN = "train", "Train the network"
        CALIBRATE_ONLY = "calibrate_only", "Calibrate only: keep the weights, set thresholds"

    class Start(models.TextChoices):
        ACTIVE = "active", "From the active version"
        SCRATCH = "scratch", "From scratch"

    class Phase(models.TextChoices):
        WAITING = "waiting", "Waiting for the worker"
        EXPORT = "export", "Collecting faces"
        TRAIN = "train", "Learning"
        VALIDATE = "validate", "Checking an epoch"
        CALIBRATE = "calibrate", "Setting thresholds"
        JUDGE = "judge", "Judging"
        STORE = "store", "Storing the model"
        DONE = "done", "Done"

    OPEN = (State.REQUESTED, State.RUNNING)

    state = models.CharField(max_length=16, choices=State, default=State.REQUESTED)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.TRAIN)
    network = models.CharField(max_length=32)
    start = models.CharField(max_length=16, choices=Start, default=Start.ACTIVE)
    epochs = models.PositiveSmallIntegerField(help_text="At most so many.")
    uses_site = models.BooleanField(default=True, help_text="Learn from consented samples of this site.")
    training_set = models.ForeignKey(
        PeopleSet, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    evaluation_set = models.ForeignKey(PeopleSet, on_delete=models.PROTECT, related_name="+")
    champion = models.ForeignKey(
        "enrollment.ModelVersion",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The active version at the request, to start from and to be judged against.",
    )
    note = models.CharField(max_length=MOST_NOTE_CHARACTERS, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    claimed_as = models.UUIDField(null=True, blank=True, help_text="Of the worker that has it.")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=48, blank=True, help_text="Stable code.")
    failure_detail = models.CharField(max_length=300, blank=True)

    phase = models.CharField(max_length=16, choices=Phase, default=Phase.WAITING)
    epoch = models.PositiveSmallIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0, help_text="Of this phase.")
    loss = models.FloatField(null=True, blank=True)
    validation_loss = models.FloatField(null=True, blank=True)
    seconds_left = models.FloatField(null=True, blank=True)
    history = models.JSONField(default=list, help_text="Losses of the epochs so far.")
    log = models.TextField(blank=True, help_text="Its last lines.")

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        permissions: ClassVar = [("can_retrain", "Can request and cancel training runs")]
        indexes: ClassVar = [models.Index(fields=["state", "heartbeat_at"], name="run_state_heartbeat")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(state__in=["requested", "running"]),
                name="one_open_training_run",
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def percent(self) -> int:
        """How far it is, from 0 to 100; it never falls while one worker has it."""
        if self.phase not in (self.Phase.TRAIN, self.Phase.VALIDATE):
            return PERCENT_AT[self.Phase(self.phase)]
        whole = max(0, self.epoch - 1) + (1 if self.phase == self.Phase.VALIDATE else self._share_of_phase)
        learning = PERCENT_AT[self.Phase.CALIBRATE] - PERCENT_AT[self.Phase.EXPORT]
        return PERCENT_AT[self.Phase.EXPORT] + int(learning * whole / self.epochs)

    @property
    def _share_of_phase(self) -> float:
        return self.step / self.steps if self.steps else 0.0

    def claim(self) -> uuid.UUID:
        """Takes the run up, for the first time or after another worker was lost."""
        self._leave(*self.OPEN)
        now = timezone.now()
        self.state, self.tries, self.claimed_as = self.State.RUNNING, self.tries + 1, uuid.uuid4()
        self.started_at, self.heartbeat_at = self.started_at or now, now
        return self.claimed_as

    def finish(self, *, passed: bool) -> None:
        self._close(self.State.SUCCEEDED if passed else self.State.REFUSED, self.State.RUNNING)
        self.phase = self.Phase.DONE

    def fail(self, code: str, detail: str = "") -> None:
        self._close(self.State.FAILED, *self.OPEN)
        self.failure, self.failure_detail = code, detail[:300]

    def cancel(self) -> None:
        self._close(self.State.CANCELLED, *self.OPEN)

    def audit(self, step: str, *, actor: User | None = None) -> None:
        """Records a step in the audit log."""
        refused = step in (self.State.REFUSED, self.State.FAILED)
        AuditEvent.record(
            AuditEvent.Action.TRAINING,
            AuditEvent.Outcome.REFUSED if refused else AuditEvent.Outcome.SUCCESS,
            actor=actor,
            object_id=self.pk,
            model_version=getattr(self, "version", None),
            details={"step": step, "kind": self.kind, "network": self.network} | self._code,
        )

    @property
    def _code(self) -> dict[str, str]:
        return {"code": self.failure} if self.failure else {}

    def note_down(self, line: str) -> None:
        """Adds a line to the log, which keeps its end only."""
        self.log = f"{self.log}{timezone.now():%H:%M:%S} {line}\n"[-LOG_CHARACTERS:]

    def _close(self, state: "TrainingRun.State", *before: str) -> None:
        self._leave(*before)
        self.state, self.claimed_as, self.finished_at = state, None, timezone.now()
        self.seconds_left = None

    def _leave(self, *states: str) -> None:
        if self.state not in states:
            raise IllegalTransition(
                f"expected {self} to be {' or '.join(map(str, states))}, it is {self.state}"
            )


# Where the bar stands as a phase begins; learning moves it from the one mark to the next.
PERCENT_AT = {
    TrainingRun.Phase.WAITING: 0,
    TrainingRun.Phase.EXPORT: 3,
    TrainingRun.Phase.CALIBRATE: 75,
    TrainingRun.Phase.JUDGE: 80,
    TrainingRun.Phase.STORE: 98,
    TrainingRun.Phase.DONE: 100,
}
