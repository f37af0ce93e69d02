"""What the containers are made of fits the rest of the repository."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from tests.e2e.stack import commands

ROOT = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
BROUGHT_ALONG = {"broker"}  # a server of its own instead of the embedded one


@pytest.mark.parametrize("name", sorted(set(commands()) - BROUGHT_ALONG - {"web"}))
def test_it_starts_each_process_as_the_procfile_does(name):
    command = re.sub(r"\$\{(\w+):-(\w+)\}", r"${\1:-\2}", SERVICES[name]["command"])
    assert commands()[name] == f"exec {command}"


def test_the_image_serves_what_the_procfile_serves():
    last = re.findall(r"^CMD \[(.+)\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1]
    assert commands()["web"] == "exec " + " ".join(re.findall(r'"([^"]+)"', last))


def test_every_setting_that_it_passes_is_documented():
    known = (ROOT / ".env.example").read_text()
    passed = set(COMPOSE["x-site"]["environment"])
    passed |= set(
        re.findall(r"\b([A-Z_]+)=", "\n".join(re.findall(r"ENV .+?(?<!\\)\n", dockerfile(), re.DOTALL)))
    )
    own_of_python = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "TF_CPP_MIN_LOG_LEVEL"}
    assert {name for name in passed - own_of_python if f"{name}=" not in known} == set()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_further_machine_may_use_another_database_and_broker(name):
    assert COMPOSE["x-site"]["environment"][name].startswith(f"${{{name}:-")


def test_an_upgrade_replaces_every_process_of_the_site_and_nothing_else():
    (named,) = re.findall(
        r"up --detach --no-deps (.+)$", (ROOT / "docs/deployment.md").read_text(), re.MULTILINE
    )
    ours = {name for name, some in SERVICES.items() if some["image"].startswith("faceverify")}
    assert set(named.split()) == ours - {"prepare"}


def test_the_proxy_stays_while_others_are_replaced():
    assert "depends_on" not in SERVICES["caddy"]


def test_nothing_waits_for_a_store_that_was_not_asked_for():
    assert SERVICES["store"]["profiles"] == ["s3"]
    waiting = {name: some.get("depends_on", []) for name, some in SERVICES.items()}
    needed = [on["store"].get("required", True) for on in waiting.values() if "store" in on]
    assert needed == [False]


def test_whatever_it_copies_is_there():
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE)
    assert sources
    assert all((ROOT / name).exists() for line in sources for name in line.split())


def test_serving_goes_without_tensorflow():
    names = {line.split("==")[0] for line in (ROOT / "requirements-serving.txt").read_text().splitlines()}
    assert {"django", "ai-edge-litert", "celery"} <= names
    assert names.isdisjoint({"tensorflow", "keras", "matplotlib", "mtcnn"})


def test_serving_has_the_very_versions_of_the_whole():
    whole = set((ROOT / "requirements.txt").read_text().splitlines())
    assert set((ROOT / "requirements-serving.txt").read_text().splitlines()) <= whole


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()
