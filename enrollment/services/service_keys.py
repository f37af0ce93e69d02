"""Keys of backends: making, rotating and revoking them."""

from datetime import datetime, timedelta

from django.db import transaction

from enrollment.models import AuditEvent, ServiceKey, User


@transaction.atomic
def service_key_create(
    *, name: str, scopes: list[str], expires_at: datetime, actor: User | None
) -> tuple[ServiceKey, str]:
    """The key and its secret, which can be read this once."""
    key = ServiceKey(name=name, scopes=sorted(scopes), expires_at=expires_at, created_by=actor)
    secret = key.renew_secret()
    key.save()
    _audit(key, "created", actor, scopes=key.scopes)
    return key, secret


@transaction.atomic
def service_key_rotate(key: ServiceKey, *, grace: timedelta, actor: User | None) -> str:
    """A new secret, which can be read this once; the one before is valid for the grace. Raises IllegalTransition."""
    current = ServiceKey.objects.select_for_update().get(pk=key.pk)
    secret = current.renew_secret(grace=grace)
    current.save(update_fields=["digest", "previous_digest", "previous_until"])
    _audit(current, "rotated", actor, grace_hours=int(grace.total_seconds() // 3600))
    return secret


@transaction.atomic
def service_key_revoke(key: ServiceKey, *, actor: User | None) -> None:
    """Ends a key at once, and for good. Raises IllegalTransition."""
    current = ServiceKey.objects.select_for_update().get(pk=key.pk)
    current.revoke()
    current.save(update_fields=["revoked_at", "previous_digest", "previous_until"])
    _audit(current, "revoked", actor)


def _audit(key: ServiceKey, step: str, actor: User | None, **details: object) -> None:
    AuditEvent.record(
        AuditEvent.Action.SERVICE_KEY, actor=actor, object_id=key.prefix, details={"step": step} | details
    )
