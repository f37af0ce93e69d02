"""The shipped network once more, under another name."""

import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enrollment.models import ModelVersion


def registered(folder: Path) -> "ModelVersion":
    """A version in that folder, of its name, which may be promoted."""
    from django.conf import settings
    from django.core.management import call_command

    from enrollment.models import ModelVersion

    shutil.copytree(settings.FACE_MODEL, folder)
    manifest = json.loads((folder / "manifest.json").read_text()) | {"name": folder.name}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    call_command("register_model", str(folder), verbosity=0, stdout=io.StringIO())
    return ModelVersion.objects.get(name=folder.name)
