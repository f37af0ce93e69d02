"""A site that is set up wrongly does not start; one that is set up as the docs say has nothing to warn of."""

import os
import shutil
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
    "EMAIL_URL": "smtp+tls://faces:secret@mail.example.org:587",
    "DATABASE_URL": "",  # the tests' database may know a model that another key signed
}
DEPLOY_CHECK = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
WEB = ["-c", "import faceverify_site.wsgi"]
WORKER = ["manage.py", "run_worker", "biometric"]
BEAT = ["-m", "celery", "-A", "faceverify_site", "beat"]


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


def test_the_deploy_check_tells_that_mails_go_to_the_log():
    assert "enrollment.W001" in run(DEPLOY_CHECK, EMAIL_URL="").stderr


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
    done = run(WORKER, FACE_SIGN_IN="maybe")
    assert "verification.E002" in done.stderr + done.stdout
    assert done.returncode != 0


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """Settings of a site with a model of its own registered, and the model's folder."""
    folder = tmp_path_factory.mktemp("site")
    model = folder / "model"
    shutil.copytree(settings.FACE_MODEL, model)
    change = {
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "VAR_DIR": str(folder),
        "FACE_MODEL": str(model),
    }
    for command in ("migrate", "register_model"):
        done = run(["manage.py", command], **change)
        assert done.returncode == 0, done.stderr
    return change, model


@pytest.fixture
def altered(furnished):
    """The same, with one byte of the weights changed."""
    change, model = furnished
    weights = model / "embedding.tflite"
    whole = weights.read_bytes()
    weights.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    yield change
    weights.write_bytes(whole)


def test_web_starts_on_the_model_that_the_site_signed(furnished):
    done = run(WEB, **furnished[0])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [WEB, WORKER, BEAT], ids=["web", "worker", "beat"])
def test_nobody_starts_on_an_altered_model(altered, command):
    done = run(command, **altered)
    assert "enrollment.E011" in done.stderr + done.stdout
    assert "embedding.tflite was altered" in done.stderr + done.stdout
    assert done.returncode != 0


@pytest.mark.parametrize("command", [WEB, WORKER], ids=["web", "worker"])
def test_nobody_starts_on_a_model_that_another_key_signed(furnished, command):
    done = run(
        command, **furnished[0], SECRET_KEY="another key of many different letters, 0123456789 0123456789"
    )
    assert "not signed by this site" in done.stderr + done.stdout
    assert done.returncode != 0


def test_registering_it_again_puts_that_right(furnished):
    change = furnished[0] | {"SECRET_KEY": "a third key of many different letters, 0123456789 0123456789"}
    assert run(["manage.py", "register_model"], **change).returncode == 0
    done = run(WEB, **change)
    assert done.returncode == 0, done.stderr
    assert run(["manage.py", "register_model"], **furnished[0]).returncode == 0


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all.sqlite3", "postgres://nobody@127.0.0.1:9/none"],
    ids=["sqlite", "postgresql"],
)
def test_the_web_process_starts_while_the_database_is_away(url):
    done = run(WEB, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr


def test_a_worker_loads_no_shell():
    """Celery's command line would, which is ten megabytes."""
    script = "from enrollment.management.commands import run_worker; import celery.apps.worker, sys"
    done = run(["-c", f"import django; django.setup(); {script}; sys.exit('prompt_toolkit' in sys.modules)"])
    assert done.returncode == 0, done.stderr


def test_looking_at_the_model_loads_neither_tensorflow_nor_opencv(furnished):
    heavy = {"tensorflow", "cv2", "ai_edge_litert"}
    script = f"import faceverify_site.wsgi, sys; sys.exit(len({heavy} & set(sys.modules)))"
    assert run(["-c", script], **furnished[0]).returncode == 0
