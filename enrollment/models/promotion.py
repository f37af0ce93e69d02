from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from enrollment.errors import IllegalTransition, PromotionRefused
from enrollment.models.audit_event import AuditEvent
from enrollment.models.model_version import ModelVersion, bulk_of
from enrollment.models.sample import Sample
from enrollment.models.template import Template
from enrollment.models.user import User
from enrollment.models.webhook_delivery import WebhookDelivery
from enrollment.models.webhook_endpoint import EventKind


class Promotion(models.Model):
    """A change of the active version. At most one is open.

    States::

        EMBEDDING --switch()--> SWITCHED
            +------fail(code)--> FAILED
            +------cancel()----> CANCELLED

    While it is open, templates of `version` appear beside those of the active one; the version in use changes only with
    `switch()`, in one transaction. A roll-back finds its templates in place, and is SWITCHED from the beginning.
    """

    class State(models.TextChoices):
        EMBEDDING = "embedding", "Preparing templates"
        SWITCHED = "switched"
        FAILED = "failed"
        CANCELLED = "cancelled"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="promotions")
    previous = models.ForeignKey(
        ModelVersion, on_delete=models.SET_NULL, null=True, related_name="+", help_text="What it replaced."
    )
    state = models.CharField(max_length=16, choices=State, default=State.EMBEDDING)
    is_roll_back = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    done = models.PositiveIntegerField(default=0, help_text="Templates made so far.")
    total = models.PositiveIntegerField(default=0, help_text="Templates it takes.")
    failure = models.CharField(max_length=48, blank=True, help_text="Stable code.")
    failure_detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now, help_text="When the last batch was written.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(state="embedding"), name="one_open_promotion"
            ),
            models.CheckConstraint(
                condition=models.Q(state="embedding", finished_at=None)
                | (~models.Q(state="embedding") & ~models.Q(finished_at=None)),
                name="closed_promotion_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{'roll-back' if self.is_roll_back else 'promotion'} to {self.version}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.EMBEDDING

    @property
    def percent(self) -> int:
        return 100 if self.done >= self.total else 100 * self.done // self.total

    @classmethod
    @transaction.atomic
    def begin(cls, version: ModelVersion, *, actor: User | None, accepts_looser: bool = False) -> "Promotion":
        """Opens a promotion, by hand or by policy.

        Raises PromotionRefused: what `ModelVersion.hindrance` names, `looser_threshold` or `promotion_open`.
        """
        ModelVersion.take_turns()
        current = ModelVersion.objects.get(pk=version.pk)
        if hindrance := current.hindrance():
            raise hindrance
        if not accepts_looser and current.is_looser:
            raise PromotionRefused(
                f"{version} may let faces pass that the active version turns down: confirm that this is meant.",
                code="looser_threshold",
            )
        try:
            with transaction.atomic():
                promotion = cls.objects.create(
                    version=current, requested_by=actor, total=lacking_samples(current).count()
                )
        except IntegrityError as error:
            raise PromotionRefused("A promotion is under way already.", code="promotion_open") from error
        promotion.audit("requested", actor=actor)
        return promotion

    @transaction.atomic
    def switch(self) -> bool:
        """Makes its version the active one, if everybody's anchors have a template under it.

        Answers whether it did; a row that was closed meanwhile changes nothing.
        """
        ModelVersion.take_turns()
        current = Promotion.objects.select_for_update().filter(pk=self.pk, state=self.State.EMBEDDING).first()
        if current is None or lacking_samples(current.version).exists():
            return False
        current.previous = _replace_active(current.version)
        current._close(self.State.SWITCHED)
        current.done = current.total
        current.save()
        current.audit("switched", actor=current.requested_by)
        current._tell()
        return True

    @classmethod
    @transaction.atomic
    def roll_back(cls, active: ModelVersion, *, actor: User | None) -> "Promotion":
        """Makes the version that `active` replaced the active one again, at once.

        Raises PromotionRefused `changed_meanwhile`, `nothing_to_roll_back` or `templates_missing`.
        """
        ModelVersion.take_turns()
        if not ModelVersion.objects.filter(pk=active.pk, state=ModelVersion.State.ACTIVE).exists():
            raise PromotionRefused(f"{active} is no longer the active version.", code="changed_meanwhile")
        version = roll_back_version()
        if version is None:
            raise PromotionRefused("There is no earlier version to go back to.", code="nothing_to_roll_back")
        if lacking_samples(version).exists():
            raise PromotionRefused(
                f"Some anchors have no template of {version}: promote it instead.", code="templates_missing"
            )
        for promotion in cls.objects.select_for_update().filter(state=cls.State.EMBEDDING):
            promotion.cancel(actor=actor)
        made = cls(version=version, is_roll_back=True, requested_by=actor, previous=_replace_active(version))
        made._close(cls.State.SWITCHED)
        made.save()
        made.audit("rolled_back", actor=actor)
        made._tell()
        return made

    def cancel(self, *, actor: User | None) -> None:
        """Calls it off; the version in use stays."""
        self._close(self.State.CANCELLED)
        self.save()
        self.audit("cancelled", actor=actor)

    def fail(self, code: str, detail: str) -> None:
        self._close(self.State.FAILED)
        self.failure, self.failure_detail = code, detail[:300]
        self.save()
        self.audit("failed", actor=self.requested_by)

    def audit(self, step: str, *, actor: User | None) -> None:
        details = {"step": step, "previous": self.previous_id} | (
            {"code": self.failure} if self.failure else {}
        )
        refused = self.state == self.State.FAILED
        AuditEvent.record(
            AuditEvent.Action.MODEL_ACTIVATE,
            AuditEvent.Outcome.REFUSED if refused else AuditEvent.Outcome.SUCCESS,
            actor=actor,
            object_id=self.pk,
            model_version=self.version,
            details=details,
        )

    def _tell(self) -> None:
        """Tells backends that another version is in use."""
        WebhookDelivery.emit(
            EventKind.MODEL_PROMOTED,
            {
                "model": self.version.name,
                "previous": self.previous.name if self.previous else None,
                "roll_back": self.is_roll_back,
            },
        )

    def _close(self, state: "Promotion.State") -> None:
        if not self.is_open:
            raise IllegalTransition(f"expected an open promotion, this one is {self.state}")
        self.state, self.finished_at = state, timezone.now()


def lacking_samples(version: ModelVersion) -> models.QuerySet[Sample]:
    """Accepted samples without a template under a version."""
    own = Template.objects.filter(sample=models.OuterRef("pk"), model_version=version)
    return Sample.objects.filter(~models.Exists(own), state=Sample.State.ACCEPTED)


def roll_back_version() -> ModelVersion | None:
    """The version that the active one replaced, while its templates are kept."""
    kept_since = timezone.now() - timedelta(days=settings.ROLL_BACK_DAYS)
    switched = Promotion.objects.filter(state=Promotion.State.SWITCHED)
    switched = switched.select_related("previous").defer(*bulk_of("previous"))
    last = switched.order_by("-finished_at", "-pk").first()
    if last is None or last.finished_at is None or last.finished_at < kept_since:
        return None
    return last.previous


def kept_versions() -> list[ModelVersion]:
    """The versions that every anchor has a template of, or shall have: the active one first."""
    active = ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE)
    coming = ModelVersion.objects.filter(promotions__state=Promotion.State.EMBEDDING)
    earlier = roll_back_version()
    found = [*active, *coming, *([earlier] if earlier else [])]
    return list({version.pk: version for version in found}.values())


def _replace_active(version: ModelVersion) -> ModelVersion | None:
    """Retires the active version and activates another; the caller holds the lock."""
    previous = ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).first()
    if previous is not None:
        previous.retire()
        previous.save(update_fields=["state"])
    version.refresh_from_db()
    version.activate()
    version.save(update_fields=["state", "activated_at"])
    return previous
