"""Two hosts with a worker each, one of which the network loses in the middle of its work, and finds again."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import LiteralString

import psycopg

from tests.e2e.stack import ROOT, commands, free_port
from tests.faces import jpeg, portrait
from tests.faults.breakages import NO_POSTGRES, Site
from tests.faults.disk import picture
from tests.faults.network import Host
from tests.faults.visitor import Visitor

NO_NETWORK = "needs ip, and leave to make networks"
# More than there is in hand, so that the lost worker also listens for messages, and takes one along.
FAR_CHILDREN = 4
AWAY_SECONDS, ANSWER_SECONDS, FREED_SECONDS = 25.0, 10.0, 10.0
READY_SECONDS, STOP_SECONDS = 40.0, 30.0
# The last that a decision writes to, after it has locked its rows.
GATE = "LOCK TABLE enrollment_auditevent IN SHARE MODE"
# Undecided rows, without those that can be had.
LOCKED_SAMPLES: LiteralString = """
    SELECT (SELECT count(*) FROM enrollment_sample WHERE state = 'pending') - (SELECT count(*) FROM (
        SELECT 1 FROM enrollment_sample WHERE state = 'pending' FOR UPDATE SKIP LOCKED) AS free)"""
LOCKED_ATTEMPTS: LiteralString = """
    SELECT (SELECT count(*) FROM verification_attempt WHERE state = 'pending') - (SELECT count(*) FROM (
        SELECT 1 FROM verification_attempt WHERE state = 'pending' FOR UPDATE SKIP LOCKED) AS free)"""
CONNECTIONS: LiteralString = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = %s"
TRANSACTIONS: LiteralString = CONNECTIONS + " AND xact_start IS NOT NULL"


def host_cut_off(site: Site) -> None:
    """Whoever comes meanwhile is answered by the other host; what the lost one had locked is freed."""
    if site.postgres is None or site.network is None:
        site.skipped["host_cut_off"] = NO_NETWORK if site.postgres else NO_POSTGRES
        return
    near, far = site.network.hosts
    # From an address of her own: the rows of an address are locked too while a try from there is decided.
    owner = Visitor(site.stack.url, site.ledger, address="127.0.0.9")
    visitor = Visitor(site.stack.url, site.ledger)
    for one in (owner, visitor):
        one.enroll()
    with ExitStack() as after:
        broker = after.enter_context(_broker_address(site))
        after.enter_context(_worker(site, far, broker, FAR_CHILDREN))
        after.callback(far.let_back)
        site.stack.stop("biometric")
        after.callback(site.start_worker)  # before the hosts' stop
        visitor.seconds_until_recognised()
        with ExitStack() as other:
            with _work_in_hand(site, owner):
                other.enter_context(_worker(site, near, broker, 1))
                _wait_until(lambda: _count(site, CONNECTIONS, near.address) > 0, "The other host is silent.")
                far.cut_off()
            _while_away(site, far, visitor)
            far.let_back()
        took = visitor.seconds_until_recognised()  # by the host that was lost: nobody else is there
        site.ledger.count(f"host_cut_off: works again after {took:.1f} s")
        site.amiss["returned_host_silent"] += int(took > ANSWER_SECONDS)


@contextmanager
def _work_in_hand(site: Site, owner: Visitor) -> Iterator[None]:
    """A picture and a try of hers are being decided, their rows are locked, and stay so as long as this lasts."""
    assert site.postgres is not None
    with psycopg.connect(site.postgres.url) as gate:
        gate.execute(GATE)
        owner.give(picture(), wait=False)
        owner.verify(jpeg(portrait()), wait=False)
        for locked in (LOCKED_SAMPLES, LOCKED_ATTEMPTS):
            _wait_until(lambda locked=locked: _count(site, locked) > 0, "The worker has nothing in hand.")  # type: ignore[misc]
        yield


def _while_away(site: Site, lost: Host, visitor: Visitor) -> None:
    """The lost host holds what it had when this begins, and nothing when it ends."""
    time.sleep(1)  # whoever can be reached is done by now
    site.amiss["nothing_in_hand_when_cut_off"] += int(_count(site, TRANSACTIONS, lost.address) < 2)
    began, freed, longest = time.monotonic(), 0.0, 0.0
    while (gone_on := time.monotonic() - began) < AWAY_SECONDS:
        if not freed and not _count(site, TRANSACTIONS, lost.address):
            freed = gone_on
        took = visitor.seconds_until_recognised()
        site.amiss["unanswered_while_cut_off"] += int(took > ANSWER_SECONDS)
        longest = max(longest, took)
        time.sleep(0.2)
    site.ledger.count(f"host_cut_off: rows freed after {freed:.0f} s, longest wait {longest:.1f} s")
    site.amiss["rows_still_locked"] += int(not 0 < freed < FREED_SECONDS)


@contextmanager
def _broker_address(site: Site) -> Iterator[str]:
    """Where hosts reach the broker, which listens on its socket alone at other times."""
    assert site.network is not None
    broker, port = site.broker(), free_port()
    for name, value in (("protected-mode", "no"), ("bind", site.network.address), ("port", port)):
        broker.config_set(name, value)
    try:
        yield f"redis://{site.network.address}:{port}/0"
    finally:
        broker.config_set("port", 0)


@contextmanager
def _worker(site: Site, host: Host, broker: str, children: int) -> Iterator[None]:
    assert site.postgres is not None
    assert site.network is not None
    environment = site.stack.environment | {
        "REDIS_URL": broker,
        "DATABASE_URL": site.postgres.url_at(site.network.address),
        "BIOMETRIC_WORKERS": str(children),
    }
    command = f"{commands()['biometric']} --hostname biometric@{host.name}"
    process = host.start(command, environment, cwd=ROOT, stdout=site.stack.log, stderr=site.stack.log)
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _count(site: Site, query: LiteralString, *values: str) -> int:
    assert site.postgres is not None
    with psycopg.connect(site.postgres.url, autocommit=True) as connection:
        row = connection.execute(query, values or None).fetchone()
        return int(row[0]) if row else 0


def _wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.05)
