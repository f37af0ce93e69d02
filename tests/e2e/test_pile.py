"""Pictures that pile up from enrollment do not keep anybody waiting at the door."""

import time

import pytest
import redis

from tests.faces import jpeg, portrait
from tests.faults.visitor import Ledger, Visitor

pytestmark = pytest.mark.e2e
PILE = 2000
PILE_UP = f"""
from enrollment.tasks import template_extract
for number in range({PILE}):
    template_extract.delay("00000000-0000-0000-0000-%012d" % number)
"""


@pytest.fixture
def visitor(site):
    visitor = Visitor(site.url, Ledger())
    visitor.enroll()
    yield visitor
    visitor.http.close()


def waiting(site) -> int:
    """Messages in the queue of enrollment."""
    url = site.environment.get("REDIS_URL") or f"unix://{site.folder / 'broker.sock'}"
    with redis.Redis.from_url(url) as broker:
        return broker.llen("enrollment")


def test_it_answers_at_the_door_before_the_pile(site, visitor):
    site.stop("biometric")
    site.manage("shell", "-c", PILE_UP)
    session = visitor.post("/api/v1/verification-sessions", json={"purpose": "verify"}).json()["id"]
    path = f"/api/v1/verification-sessions/{session}"
    files = {"image": ("face.jpg", jpeg(portrait()))}
    headers = {"X-CSRFToken": visitor.token, "Referer": site.url}
    assert visitor.http.post(f"{path}/frames", files=files, headers=headers).status_code == 202
    site.start("biometric")
    while visitor.http.get(path).json()["state"] == "in_progress":
        time.sleep(0.02)
    assert visitor.http.get(path).json()["state"] == "succeeded"
    assert waiting(site) > PILE / 2
