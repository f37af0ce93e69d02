from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.core.signing import Signer
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from enrollment.errors import IllegalTransition, PromotionRefused
from enrollment.policy import MAX_FNMR


@dataclass(frozen=True)
class RefusalRate:
    """How many rightful tries are refused at the thresholds for one target.

    Attributes:
        fnmr: Their share.
        fmr: The target false match rate.
        subjects: On how many people that was seen.
    """

    fnmr: float
    fmr: float
    subjects: int


# They grow with the people learned from, to megabytes, and nobody who verifies or lists asks for them.
BULK = ("lineage", "report")
# Reasons of the gate whose place is a person's name, which no page and no API tells.
TELLING_OF_PEOPLE = {"mixed_people"}


def bulk_of(*relations: str) -> list[str]:
    """What to `defer` where versions come along with other rows, by these relations."""
    return [f"{relation}__{name}" for relation in relations for name in BULK]


class ModelVersionManager(models.Manager["ModelVersion"]):
    """Versions without their bulk, which is read once it is asked for."""

    def get_queryset(self) -> "models.QuerySet[ModelVersion]":
        return super().get_queryset().defer(*BULK)


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

    objects: ClassVar[ModelVersionManager] = ModelVersionManager()

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

    @classmethod
    def that_saw(cls, subject_id: int) -> "models.QuerySet[ModelVersion]":
        """The versions that learned from a person of the site, whether the person is still there or not."""
        return cls.objects.filter(lineage__subjects__has_key=str(subject_id)).order_by("pk")

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

    @property
    def is_looser(self) -> bool:
        """Whether a score that the active version turns down might pass, as the site decides now."""
        active = ModelVersion.objects.filter(state=self.State.ACTIVE).first()
        rule, fmr = settings.FACE_DECISION_RULE, settings.FACE_TARGET_FMR
        return active is not None and self.is_looser_than(active, rule=rule, fmr=fmr)

    def refusal_rate(self, *, rule: str, fmr: float, anchors: int) -> RefusalRate | None:
        """What was measured for a target; else for the nearest stricter one, which refuses more; else for a looser."""
        known = self._refusal_rates(rule=rule, anchors=anchors)
        stricter = [one for one in known if one.fmr <= fmr]
        return max(stricter or known, key=lambda one: one.fmr if stricter else -one.fmr, default=None)

    def hindrance(self) -> PromotionRefused | None:
        """Why it cannot become the active version, if it cannot.

        A network to study, say, is good for comparing; as the active version it would keep nearly everybody out. What
        was in use before has shown its worth.
        """
        if self.state == self.State.RETIRED:
            return None
        if self.state != self.State.CANDIDATE:
            words = f"{self} is {self.state}: only a candidate or a retired version can be promoted."
            return PromotionRefused(words, code="not_promotable")
        rule, fmr, anchors = settings.FACE_DECISION_RULE, settings.FACE_TARGET_FMR, settings.FACE_MIN_ANCHORS
        rate = self.refusal_rate(rule=rule, fmr=fmr, anchors=anchors)
        if rate is None or rate.fmr > fmr or not self.thresholds(rule=rule, fmr=fmr):
            return PromotionRefused(
                f"Nobody measured how many rightful people {self} would turn away with {anchors} anchors, where "
                f"one stranger in {1 / fmr:,.0f} may pass, so it cannot take over.",
                code="not_measured",
            )
        if rate.fnmr > MAX_FNMR:
            return PromotionRefused(
                f"{self} turned away {rate.fnmr:.0%} of the tries of rightful people when it was measured; "
                f"{MAX_FNMR:.0%} is the most.",
                code="refuses_too_many",
            )
        return None

    def _refusal_rates(self, *, rule: str, anchors: int) -> list[RefusalRate]:
        """All that was measured: by the gate that let it pass, else by whoever made the artifact."""
        frozen = self.report.get("gate", {}).get("figures", {}).get("frozen")
        if frozen:
            judged = self.report.get("judged", {})
            fnmr = frozen["challenger"]["fnmr"]["value"]
            same = judged.get("rule") == rule
            return [RefusalRate(fnmr, judged["fmr"], frozen["subjects"])] if same else []
        report: dict[str, Any] = self.manifest.get("report") or self.report
        for shown in (part for part in report.values() if isinstance(part, dict)):
            if (shown.get("protocol"), shown.get("rule"), shown.get("anchors")) == (
                "templates",
                rule,
                anchors,
            ):
                rates = {float(fmr): fnmr for fmr, fnmr in shown["fnmr_at_fmr"].items()}
                rates |= self._at_shipped(shown["shipped_threshold"], rule=rule, anchors=anchors)
                return [RefusalRate(fnmr, fmr, shown["subjects"]) for fmr, fnmr in rates.items()]
        return []

    def _at_shipped(self, shipped: dict[str, float] | None, *, rule: str, anchors: int) -> dict[float, float]:
        """The FNMR at a threshold of the artifact's, by the target that this threshold is for."""
        rows: dict[str, list[float]] = self.manifest.get("calibration", {}).get("rules", {}).get(rule, {})
        return {
            float(fmr): shipped["fnmr"]
            for fmr, row in rows.items()
            if shipped is not None and row[anchors - 1 : anchors] == [shipped["threshold"]]
        }

    def _leave(self, *states: str) -> None:
        if self.state not in states:
            raise IllegalTransition(
                f"expected {self} to be {' or '.join(map(str, states))}, it is {self.state}"
            )


def _signer() -> Signer:
    return Signer(salt="enrollment.model_version")
