from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils import timezone

from enrollment.errors import AppendOnly
from enrollment.models.model_version import ModelVersion
from enrollment.models.service_key import ServiceKey
from enrollment.models.subject import Subject
from enrollment.models.user import User
from enrollment.origin import current_actor_id, current_service_key, current_source


class AppendOnlyQuerySet(models.QuerySet["AuditEvent"]):
    """Rows can be read and added, nothing else."""

    def update(self, **_: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def expire(self) -> int:
        """Deletes rows whose time is over; the one way out, for the purge alone."""
        return super().delete()[0]


class AuditEvent(models.Model):
    """Who did what, when, from where, and how it ended. Never changed; deleted only when retention ends.

    People, subjects and model versions are named by id without a foreign key: the record outlives them, and once they
    are erased it names nobody. `details` holds ids and codes, never pictures, embeddings or scores.
    """

    class Action(models.TextChoices):
        SIGN_IN = "sign_in", "sign-in by face"
        VERIFY = "verify", "verification"
        FACE_LOCK = "face_lock", "face sign-in locked"
        FACE_UNLOCK = "face_unlock", "face sign-in unlocked"
        SOURCE_BLOCK = "source_block", "address blocked"
        SOURCE_UNBLOCK = "source_unblock", "address unblocked"
        SAMPLE_DECIDE = "sample_decide", "picture decided"
        SAMPLE_DELETE = "sample_delete", "picture deleted"
        CONSENT_GIVE = "consent_give", "consent given"
        CONSENT_WITHDRAW = "consent_withdraw", "consent withdrawn"
        FACE_ERASE = "face_erase", "face erased"
        ACCOUNT_CHANGE = "account_change", "account changed by staff"
        ACCOUNT_ERASE = "account_erase", "account erased"
        EXPORT = "export", "data exported"
        MODEL_REGISTER = "model_register", "model registered"
        MODEL_ACTIVATE = "model_activate", "model activated"
        TRAINING = "training", "training"
        KEY_ROTATION = "key_rotation", "keys rotated"
        PURGE = "purge", "retention purge"
        WEBHOOK = "webhook", "webhook"
        SERVICE_KEY = "service_key", "service key"
        SUBJECT_CREATE = "subject_create", "subject added"
        SUBJECT_ERASE = "subject_erase", "subject erased"

    class Outcome(models.TextChoices):
        SUCCESS = "success"
        REFUSED = "refused"

    action = models.CharField(max_length=32, choices=Action)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.SUCCESS)
    actor_id = models.BigIntegerField("account", null=True, blank=True, help_text="Empty: nobody signed in.")
    service_key = models.CharField(
        max_length=16, blank=True, help_text="Prefix of the key that a backend sent."
    )
    source = models.GenericIPAddressField("address", null=True, blank=True)
    subject_id = models.BigIntegerField("subject", null=True, blank=True, help_text="Whose face it concerns.")
    object_id = models.CharField("object", max_length=64, blank=True)
    model_version_id = models.BigIntegerField("model version", null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["subject_id", "created_at"], name="audit_subject_created")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}, {self.created_at:%Y-%m-%d %H:%M:%S}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnly

    @classmethod
    def record(
        cls,
        action: str,
        outcome: str = Outcome.SUCCESS,
        *,
        actor: User | ServiceKey | None = None,
        subject: Subject | None = None,
        source: str | None = None,
        object_id: object = "",
        model_version: ModelVersion | None = None,
        details: dict[str, Any] | None = None,
    ) -> "AuditEvent":
        """Adds a row. Who and from where are those of the present request unless named.

        However somebody is erased, the row names the models that learned from them: staff have to train these again.
        """
        details = dict(details or {})
        if action in (cls.Action.FACE_ERASE, cls.Action.SUBJECT_ERASE) and subject:
            details["learned_by"] = [version.name for version in ModelVersion.that_saw(subject.pk)]
        return cls.objects.create(
            action=action,
            outcome=outcome,
            actor_id=actor.pk if isinstance(actor, User) else current_actor_id(),
            service_key=actor.prefix if isinstance(actor, ServiceKey) else current_service_key(),
            subject_id=subject.pk if subject else None,
            source=source or current_source() or None,
            object_id=str(object_id),
            model_version_id=model_version.pk if model_version else None,
            details=details,
        )
