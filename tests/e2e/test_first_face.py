"""docs/verify_your_first_face.md is run as it stands: its curl and Python, from top to bottom, against the site."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import ImageEnhance

from tests.e2e.stack import ROOT, Stack
from tests.faces import jpeg, portrait, portraits

pytestmark = pytest.mark.e2e
TEXT = (ROOT / "docs" / "verify_your_first_face.md").read_text()
MAKE_KEY = """
from datetime import timedelta
from django.utils import timezone
from enrollment.services.service_keys import service_key_create
expires_at = timezone.now() + timedelta(days=1)
print(service_key_create(name="docs", scopes=["subjects:write", "verify"], expires_at=expires_at, actor=None)[1])
"""


def snippets(section: str, language: str) -> str:
    """All snippets of a language in a section, as one program."""
    part = re.search(rf"^## {section}\. .*?(?=^## )", TEXT, re.MULTILINE | re.DOTALL)
    assert part
    found = re.findall(rf"^```{language}\n(.*?)^```$", part[0], re.MULTILINE | re.DOTALL)
    assert found
    return "\n".join(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures of the document are."""
    now = jpeg(ImageEnhance.Color(portrait()).enhance(0.7))
    for name, picture in zip(("ada-1", "ada-2", "ada-3", "ada-now"), [*portraits(), now], strict=True):
        (tmp_path / f"{name}.jpg").write_bytes(picture)
    return tmp_path


def run(program: str, command: list[str], *, site: Stack, folder: Path, person: str) -> list[str]:
    """Lines that it prints, with this site's address and key, and another name for the person."""
    key = site.manage("shell", "--verbosity", "0", "-c", MAKE_KEY).split()[-1]
    program = program.replace("http://localhost:8000", site.url).replace("fvk_your_key", key)
    program = re.sub(r'\bada(?=["@])', person, program)
    done = subprocess.run(
        command,
        input=program,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


BASH = ["bash", "-euo", "pipefail", "-s"]
PYTHON = [sys.executable, "-"]


def test_a_backend_verifies_by_curl(site, folder):
    lines = run(snippets("A", "bash"), BASH, site=site, folder=folder, person="ada-curl")
    assert lines == ["true", "true"]


def test_a_backend_verifies_by_python(site, folder):
    lines = run(snippets("A", "python"), PYTHON, site=site, folder=folder, person="ada-python")
    assert lines == ["verified: True"]


def test_an_app_signs_in_by_curl(site, folder):
    lines = run(snippets("B", "bash"), BASH, site=site, folder=folder, person="grace")
    assert lines == ["true", "true", "false", "succeeded", "grace"]


def test_an_app_signs_in_by_python(site, folder):
    lines = run(snippets("B", "python"), PYTHON, site=site, folder=folder, person="katherine")
    assert lines == ["enrolled: True", "verified: succeeded", "recognised: True", "signed in as katherine"]
