"""Model versions of the site."""

from typing import Any

from django.db import transaction

from enrollment.models import AuditEvent, ModelVersion


@transaction.atomic
def model_version_register(
    *,
    name: str,
    network: str,
    path: str,
    digest: str,
    report: dict[str, Any],
    manifest: dict[str, Any] | None = None,
) -> ModelVersion:
    """Makes an artifact known to the site and signs it. The first one becomes active; later ones are candidates."""
    version, _ = ModelVersion.objects.get_or_create(
        digest=digest, defaults={"name": name, "network": network, "path": path, "report": report}
    )
    version.path, version.manifest = path, manifest or version.manifest
    version.sign()
    if not ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).exists():
        version.activate()
        AuditEvent.record(AuditEvent.Action.MODEL_ACTIVATE, model_version=version)
    version.save(update_fields=["path", "manifest", "signature", "state", "activated_at"])
    AuditEvent.record(
        AuditEvent.Action.MODEL_REGISTER, model_version=version, details={"digest": digest[:12]}
    )
    return version
