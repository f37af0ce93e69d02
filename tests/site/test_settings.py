"""`.env.example` explains every setting that is read, and none that is not."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
READ = re.compile(r'\benv\.\w+\(\s*"([A-Z][A-Z0-9_]+)"|os\.environ(?:\.get\(|\[)"([A-Z][A-Z0-9_]+)"')
FILLED_IN = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]+)")
NAMES_THE_FILE = {"ENV_FILE"}
OTHER_PROGRAMS = {"PROMETHEUS_MULTIPROC_DIR"}  # set for them, not read


def names_read() -> set[str]:
    code = [
        *ROOT.glob("faceverify_site/*.py"),
        *ROOT.glob("enrollment/*.py"),
        *ROOT.glob("verification/*.py"),
    ]
    code += [ROOT / "gunicorn.conf.py", ROOT / "manage.py"]
    found = {name for path in code for pair in READ.findall(path.read_text()) for name in pair if name}
    for path in (ROOT / "Procfile", ROOT / "compose.yaml"):
        found |= set(FILLED_IN.findall(path.read_text()))
    return found - NAMES_THE_FILE - OTHER_PROGRAMS


def names_explained() -> set[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {found[1] for line in lines if (found := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))}


def test_every_setting_that_is_read_is_explained():
    assert {"SECRET_KEY", "WEB_WORKERS", "BIOMETRIC_WORKERS", "DOMAIN"} <= names_read()
    assert names_read() - names_explained() == set()


def test_every_setting_that_is_explained_is_read():
    assert names_explained() - names_read() == set()
