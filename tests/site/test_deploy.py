"""A site that is set up wrongly does not start; one that is set up as the docs say has nothing to warn of."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

PRODUCTION = {
    "ENV_FILE": "/none",
    "SITE_URL": "https://faces.example.org",
    "SECRET_KEY": "one key of many different letters for a site in production, 0123456789",
    "FACE_ENCRYPTION_KEYS": "Zm9yIHRlc3RzIG9ubHk6IDMyIGJ5dGVzIG9mIGtleSE=",
    "DJANGO_SETTINGS_MODULE": "faceverify_site.settings",
}
DEPLOY_CHECK = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
WEB = ["-c", "import faceverify_site.wsgi"]


def run(arguments: list[str], **change: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in (os.environ | PRODUCTION | change).items() if value}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deploy_check_is_clean():
    done = run(DEPLOY_CHECK)
    assert done.returncode == 0, done.stderr


def test_the_web_process_starts_with_good_settings():
    assert run(WEB).returncode == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"FACE_ENCRYPTION_KEYS": ""}, "FACE_ENCRYPTION_KEYS"),
        ({"FACE_ENCRYPTION_KEYS": "c2hvcnQ="}, "enrollment.E001"),
        ({"FACE_MODEL": "/nowhere"}, "enrollment.E002"),
        ({"FACE_SIGN_IN": "maybe"}, "verification.E002"),
        ({"RETENTION_FACE_DAYS": "4000"}, "enrollment.E005"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_web_process_refuses_to_start(change, words):
    done = run(WEB, **change)
    assert done.returncode != 0
    assert words in done.stderr


def test_the_worker_refuses_to_start():
    done = run(["-m", "celery", "-A", "faceverify_site", "worker", "--pool", "solo"], FACE_SIGN_IN="maybe")
    assert "verification.E002" in done.stderr + done.stdout
    assert done.returncode != 0
