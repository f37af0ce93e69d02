"""Where pictures and models lie: folders of this machine, or an object store that speaks S3."""

from pathlib import Path
from typing import Any

from environ import Env


def storage_of(env: Env, folder: Path) -> dict[str, Any]:
    """An entry of Django's setting STORAGES, for what otherwise lies in this folder; read by its owner alone."""
    bucket = env.str("MEDIA_S3_BUCKET", default="")
    if not bucket:
        modes = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, **modes},
        }
    options = {
        "bucket_name": bucket,
        "location": folder.name,
        "endpoint_url": env.str("MEDIA_S3_ENDPOINT", default="") or None,
        "region_name": env.str("MEDIA_S3_REGION", default="") or None,
        "access_key": env.str("MEDIA_S3_ACCESS_KEY", default="") or None,
        "secret_key": env.str("MEDIA_S3_SECRET_KEY", default="") or None,
    }
    return {"BACKEND": "enrollment.object_store.ObjectStorage", "OPTIONS": options}
