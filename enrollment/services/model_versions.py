"""Model versions of the site."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from enrollment.models import ModelVersion


@transaction.atomic
def model_version_register(
    *, name: str, network: str, path: str, digest: str, report: dict[str, Any]
) -> ModelVersion:
    """Makes an artifact known to the site. The first one becomes active; later ones wait as candidates."""
    version, created = ModelVersion.objects.get_or_create(
        digest=digest, defaults={"name": name, "network": network, "path": path, "report": report}
    )
    if not created and version.path != path:
        version.path = path
        version.save(update_fields=["path"])
    if not ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).exists():
        version.state, version.activated_at = ModelVersion.State.ACTIVE, timezone.now()
        version.save(update_fields=["state", "activated_at"])
    return version
