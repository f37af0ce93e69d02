"""The clock of web, workers and schedule jumps a day ahead, and back; the database's and the broker's stay."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.faces import jpeg, portrait
from tests.faults.breakages import Site
from tests.faults.visitor import Visitor

PARTS = ("web", "training", "webhooks", "beat")  # and the worker for faces
SOURCE = Path(__file__).with_suffix(".c")
DAY_SECONDS = 86_400
NOTICED_SECONDS = 3.0
# Beat sends signs of life every 15 s.
HEARD_WITHIN_SECONDS = 40.0


class Clock:
    """What the wall clock of the site's processes is ahead by."""

    def __init__(self, folder: Path) -> None:
        self.library, self.offset = folder / "clock.so", folder / "clock"
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(self.library), str(SOURCE)]
        subprocess.run(command, check=True)
        self.offset.write_bytes(bytes(8))

    def set(self, seconds: int) -> None:
        """In place: the processes look at this very file."""
        with self.offset.open("r+b", buffering=0) as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))
        time.sleep(NOTICED_SECONDS)


def clock_jumps(site: Site) -> None:
    """An old session opens nothing, work is done once, and the schedule goes on."""
    if sys.platform != "linux" or shutil.which("cc") is None:
        site.skipped["clock_jumps"] = "needs Linux and a C compiler"
        return
    clock = Clock(site.stack.folder)
    before = dict(site.stack.environment)
    site.stack.environment |= {"LD_PRELOAD": str(clock.library), "CLOCK_OFFSET": str(clock.offset)}
    _restart(site)
    try:
        _jump(site, clock)
    finally:
        site.stack.environment = before
        _restart(site)


def _jump(site: Site, clock: Clock) -> None:
    visitor = Visitor(site.stack.url, site.ledger)
    visitor.enroll()
    unused, won = _open(visitor), _sign_in(visitor)
    purges = _purges()
    clock.set(DAY_SECONDS)
    site.amiss["expired_session_compared"] += int(_show(visitor, unused) != "refused")
    site.amiss["expired_session_let_in"] += int(_finish(*won))
    site.amiss["no_sign_in_after_jump"] += int(visitor.verify(jpeg(portrait())) != "succeeded")
    _hear(site, "silent_after_jump_ahead", ahead_seconds=DAY_SECONDS)
    unused = _open(visitor)
    clock.set(0)
    site.amiss["session_from_ahead_undecided"] += int(_show(visitor, unused) not in ("succeeded", "refused"))
    site.amiss["no_sign_in_after_jump"] += int(visitor.verify(jpeg(portrait())) != "succeeded")
    _hear(site, "silent_after_jump_back")
    site.amiss["purged_twice"] += max(0, _purges() - purges - 1)


def _restart(site: Site) -> None:
    for name in PARTS:
        site.stack.stop(name)
        site.stack.start(name)
    site.stack.stop("biometric")
    site.start_worker()
    site.stack.wait_for_web()


def _open(visitor: Visitor) -> str:
    return str(visitor.post("/api/v1/verification-sessions", json={"purpose": "verify"}).json()["id"])


def _show(visitor: Visitor, session: str) -> str:
    files = {"image": ("face.jpg", jpeg(portrait()))}
    try:
        return str(
            visitor.post(f"/api/v1/verification-sessions/{session}/frames", files=files).json()["state"]
        )
    except httpx.HTTPStatusError as error:
        return "refused" if error.response.status_code == 409 else str(error.response.status_code)


def _sign_in(owner: Visitor) -> tuple[Visitor, str]:
    """Another browser, whose face was recognised but who did not go on yet."""
    browser = Visitor(str(owner.http.base_url), owner.ledger)
    browser.open("/sign-in/face/")
    body = {"purpose": "sign_in", "login": owner.name}
    session = str(browser.post("/api/v1/verification-sessions", json=body).json()["id"])
    if (state := _show(browser, session)) != "succeeded":
        raise AssertionError(f"The right face was not recognised at sign-in: {state}")
    return browser, session


def _finish(browser: Visitor, session: str) -> bool:
    """Whether the browser is signed in after using the session up."""
    headers = {"X-CSRFToken": browser.token, "Referer": str(browser.http.base_url)}
    browser.http.post("/sign-in/face/finish/", data={"session": session}, headers=headers)
    return browser.http.get("/api/v1/me").status_code == 200


def _purges() -> int:
    from enrollment.models import AuditEvent

    return AuditEvent.objects.filter(action=AuditEvent.Action.PURGE).count()


def _hear(site: Site, otherwise: str, *, ahead_seconds: float = 0) -> None:
    """Whether beat and all workers give signs of life under the new time."""
    from enrollment.models import Heartbeat

    deadline = time.monotonic() + HEARD_WITHIN_SECONDS
    began = time.time() + ahead_seconds
    while True:
        ages = {one.name: one.at.timestamp() for one in Heartbeat.objects.all()}
        silent = [name for name, at in ages.items() if not began <= at < began + 2 * HEARD_WITHIN_SECONDS]
        if not silent or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    site.amiss[otherwise] += len(silent)
