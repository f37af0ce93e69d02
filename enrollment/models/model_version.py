from typing import Any, ClassVar

from django.core.signing import Signer
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from enrollment.errors import IllegalTransition


class ModelVersion(models.Model):
    """A network with its weights and calibration, as an artifact. Templates name the version that made them.

    States::

        DRAFT --begin()--> TRAINING --+-- judged(passed=True) --> CANDIDATE --activate()--> ACTIVE
                                      |                                                    |    ^
                                      +-- judged(passed=False) -> REFUSED         retire() v    | activate()
                                                                                         RETIRED  (roll back)

    The draft of a training run that fails or is cancelled is deleted with it; an artifact registered by hand begins as
    CANDIDATE.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        TRAINING = "training"
        CANDIDATE = "candidate"
        REFUSED = "refused"
        ACTIVE = "active"
        RETIRED = "retired"

    name = models.CharField(max_length=64, unique=True)
    network = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=State, default=State.CANDIDATE)
    path = models.CharField(
        max_length=255,
        blank=True,
        help_text="Folder of the artifact: absolute on this machine, else in the storage of models.",
    )
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the artifact's manifest.")
    signature = models.CharField(max_length=64, blank=True, help_text="Of the digest, by the site's key.")
    manifest = models.JSONField(default=dict, help_text="What the model is: input, comparator, thresholds.")
    lineage = models.JSONField(
        default=dict, help_text="Base version, code, and whose samples were learned from."
    )
    report = models.JSONField(default=dict, help_text="What the evaluation measured.")
    created_by_run = models.OneToOneField(
        "enrollment.TrainingRun", on_delete=models.SET_NULL, null=True, blank=True, related_name="version"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions: ClassVar = [("can_promote", "Can promote a model version and roll back")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_model_version"
            ),
            models.UniqueConstraint(
                fields=["digest"], condition=~models.Q(digest=""), name="one_model_version_a_digest"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "training"]) | ~models.Q(digest=""),
                name="finished_model_version_has_digest",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def take_turns(cls) -> None:
        """Makes changes of the active version, and all that must not overlap with one, wait for each other.

        Locks rows for the present transaction; whoever locks a subject does so before.
        """
        list(cls.objects.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))

    def begin(self) -> None:
        self._leave(self.State.DRAFT)
        self.state = self.State.TRAINING

    def judged(self, *, passed: bool) -> None:
        self._leave(self.State.TRAINING)
        self.state = self.State.CANDIDATE if passed else self.State.REFUSED

    def activate(self) -> None:
        self._leave(self.State.CANDIDATE, self.State.RETIRED)
        self.state, self.activated_at = self.State.ACTIVE, timezone.now()

    def retire(self) -> None:
        self._leave(self.State.ACTIVE)
        self.state = self.State.RETIRED

    def sign(self) -> None:
        """Vouches for the artifact of this digest, with the site's secret key."""
        self.signature = _signer().signature(self.digest)

    @property
    def is_signed(self) -> bool:
        """Whether this site vouched for this digest. Keys that were replaced count while settings name them."""
        signer = _signer()
        keys = [signer.key, *signer.fallback_keys]
        return bool(self.digest) and any(
            constant_time_compare(self.signature, signer.signature(self.digest, key)) for key in keys
        )

    def thresholds(self, *, rule: str, fmr: float) -> list[float]:
        """The scores from which a probe matches, for 1, 2, ... anchors; empty when none was calibrated."""
        rules: dict[str, Any] = self.manifest.get("calibration", {}).get("rules", {})
        return list(rules.get(rule, {}).get(f"{fmr:g}", []))

    def is_looser_than(self, other: "ModelVersion", *, rule: str, fmr: float) -> bool:
        """Whether a score that `other` turns down might pass here. Scores of unlike networks tell nothing: true."""
        own, others = self.thresholds(rule=rule, fmr=fmr), other.thresholds(rule=rule, fmr=fmr)
        alike = self.network == other.network and len(own) == len(others) > 0
        return not alike or any(mine < theirs for mine, theirs in zip(own, others, strict=True))

    def measured_fnmr(self, *, fmr: float, anchors: int) -> tuple[float, int] | None:
        """The share of rightful tries refused at the threshold, and on how many people that was seen."""
        frozen = self.report.get("gate", {}).get("figures", {}).get("frozen")
        if frozen:
            return frozen["challenger"]["fnmr"]["value"], frozen["subjects"]
        report: dict[str, Any] = self.manifest.get("report") or self.report
        shown = report.get(f"templates_{anchors}", {})
        refused = shown.get("shipped_threshold", {}).get("fnmr", shown.get("fnmr_at_fmr", {}).get(f"{fmr:g}"))
        return None if refused is None else (refused, shown["subjects"])

    def _leave(self, *states: str) -> None:
        if self.state not in states:
            raise IllegalTransition(
                f"expected {self} to be {' or '.join(map(str, states))}, it is {self.state}"
            )


def _signer() -> Signer:
    return Signer(salt="enrollment.model_version")
