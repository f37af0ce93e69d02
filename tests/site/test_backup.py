"""What docs/deployment.md says of backups: dumped rows, copied files and the keys make the site anew."""

import os
import shutil
import subprocess

import pytest

from tests.e2e.stack import Stack
from tests.faces import jpeg, portrait
from tests.faults.postgres import programs
from tests.faults.visitor import PASSWORD, Ledger, Visitor

READ = """
from enrollment.models import Sample
print(sum(sample.image.open().read()[:2] == bytes([0xFF, 0xD8]) for sample in Sample.objects.all()), "pictures")
"""
SERVED_BY = ("broker", "web", "biometric")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="needs PostgreSQL"),
]


@pytest.fixture
def two_sites():
    """A site that runs, and another one of the same keys that was only prepared."""
    sites = [Stack(), Stack()]
    sites[1].environment["FACE_ENCRYPTION_KEYS"] = sites[0].environment["FACE_ENCRYPTION_KEYS"]
    try:
        sites[0].manage("prepare_site")
        start(sites[0])
        yield sites
    finally:
        for site in sites:
            site.down()


def start(site: Stack) -> None:
    for name in SERVED_BY:
        site.start(name)
    site.wait_for_web()


def postgres(program: str, site: Stack, *options: str) -> None:
    folder = programs()
    assert folder, "a machine with a server has its programs"
    subprocess.run([folder / program, "--dbname", site.environment["DATABASE_URL"], *options], check=True)


def test_a_restored_site_knows_its_people(two_sites, tmp_path):
    old, new = two_sites
    visitor = Visitor(old.url, Ledger())
    with visitor.http:
        visitor.enroll()
    postgres("pg_dump", old, "-Fc", "-f", str(tmp_path / "rows.dump"))
    shutil.copytree(old.folder / "faces", new.folder / "faces")

    postgres("pg_restore", new, "--no-owner", str(tmp_path / "rows.dump"))
    new.manage("prepare_site")
    start(new)

    again = Visitor(new.url, Ledger())
    with again.http:
        again.open("/accounts/login/")
        again.post("/accounts/login/", data={"login": visitor.name, "password": PASSWORD})
        again.open("/face/")
        assert again.verify(jpeg(portrait())) == "succeeded"
    assert new.manage("shell", "-v0", "-c", READ).split() == ["3", "pictures"]
