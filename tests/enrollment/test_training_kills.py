"""SIGKILL of the training worker at random moments, with a real broker, worker and schedule.

TRAINING_KILLS sets how many; each run is killed at most twice, so that its third worker can finish it.
"""

import os
import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.e2e.stack import Stack
from tests.enrollment.training import folder_of, names, needs_people

KILLS = int(os.environ.get("TRAINING_KILLS", "3"))
KILLS_A_RUN = 2
PARTS = ("broker", "training", "biometric", "beat")

pytestmark = [pytest.mark.e2e, needs_people, pytest.mark.timeout(240 + 120 * KILLS)]


@pytest.fixture
def site(tmp_path):
    """A site without a web process, that soon takes a silent worker for dead."""
    stack = Stack()
    stack.environment |= {
        "FACE_TARGET_FMR": "0.01",
        "RETRAINING_MIN_SUBJECTS": "40",
        "RETRAINING_STALE_SECONDS": "5",
    }
    try:
        stack.manage("prepare_site")
        evaluation = folder_of(names(60), tmp_path / "evaluation")
        stack.manage("import_evaluation_set", str(evaluation), "--aligned")
        stack.manage(
            "import_training_set", str(folder_of(names(50, first=100), tmp_path / "others")), "--aligned"
        )
        for name in PARTS:
            stack.start(name)
        yield stack
    finally:
        if "training" in stack.processes:
            kill_worker(stack, whole=True, again=False)
        stack.down()


def rows(site, query):
    """What the database says."""
    if url := site.environment.get("DATABASE_URL"):
        import psycopg

        with psycopg.connect(url) as connection:
            return connection.execute(query).fetchall()
    with sqlite3.connect(f"file:{site.folder}/faceverify.sqlite3?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


def open_runs(site):
    return rows(site, "SELECT id FROM enrollment_trainingrun WHERE state IN ('requested', 'running')")


def request(site):
    site.manage(
        "request_training",
        *("--network", "contrastive48", "--from-scratch", "--epochs", "6"),
        *("--without-site", "--training-set", "others"),
    )


def kill_worker(site, *, whole, again=True):
    """Kills the process that trains; the worker around it as well, or it makes a new one by itself."""
    worker = site.processes["training"].pid
    children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    for child in map(int, children):
        os.kill(child, signal.SIGKILL)
    if whole:
        site.stop("training", signal.SIGKILL)
        if again:
            site.start("training")


def wait_until_over(site, *, seconds):
    """Until no run is open, and nobody's faces lie about."""
    deadline = time.monotonic() + seconds
    folder = site.folder / "training"
    while open_runs(site) or (folder.is_dir() and any(folder.iterdir())):
        assert time.monotonic() < deadline, rows(site, "SELECT state, phase, log FROM enrollment_trainingrun")
        time.sleep(0.5)


def test_a_run_outlives_killed_workers(site):
    chance = random.Random(KILLS)
    for kill in range(KILLS):
        if kill % KILLS_A_RUN == 0:
            wait_until_over(site, seconds=240)
            request(site)
        time.sleep(chance.uniform(2, 30))
        kill_worker(site, whole=chance.random() < 0.5)
    wait_until_over(site, seconds=240)
    ended = rows(site, "SELECT state, failure, tries FROM enrollment_trainingrun")
    assert {(state, failure) for state, failure, _ in ended} == {("refused", "")}
    assert max(tries for *_, tries in ended) > 1
    learned = rows(site, "SELECT state FROM enrollment_modelversion WHERE created_by_run_id IS NOT NULL")
    assert set(learned) == {("refused",)}
    active = rows(site, "SELECT created_by_run_id FROM enrollment_modelversion WHERE state = 'active'")
    assert active == [(None,)]
