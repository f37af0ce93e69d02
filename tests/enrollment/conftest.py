"""What several tests of enrollment ask for."""

import shutil
import subprocess

import pytest


@pytest.fixture
def small_disk(tmp_path):
    """Two megabytes, where three would be needed."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
    if not shutil.which("mount") or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def worker(broker):
    """A Celery worker that sends webhooks, in a thread."""
    from celery.contrib.testing.worker import start_worker

    from faceverify_site.celery import app

    with start_worker(app, pool="solo", queues=["webhooks"], perform_ping_check=False):
        yield
