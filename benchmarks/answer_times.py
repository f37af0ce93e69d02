"""Asks whether the time of an answer tells who is enrolled.

A picture shows a face that is not the enrolled person's. Sign-ins with it under an enrolled account, an account
without a face and a name that nobody has are refused in turn, and timed. The area under the curve says how well one
time out of each of two kinds tells which is which: 0.5 is a coin.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks import site
from benchmarks.catalogue import Figures
from benchmarks.people import LOGIN, enroll_login
from benchmarks.report import markdown
from benchmarks.research_data import LFW, required
from ml.evaluation import plot_style

FACELESS, NOBODY = "faceless", "nobody"
PICTURE = LFW / "images" / "Abdullah_Gul" / "Abdullah_Gul_0001.jpg"
WORDS = {LOGIN: "enrolled", FACELESS: "account without a face", NOBODY: "no account"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--picture", type=Path, default=PICTURE, help="of somebody's face")
    parser.add_argument("--tries", type=int, default=200, help="of each kind")


def measure(options: argparse.Namespace) -> Figures:
    picture = required(options.picture).read_bytes()
    with site.within(LIVENESS="off"):
        took = times_of(picture, options.tries)
    return {
        "tries": options.tries,
        "median_ms": {login: round(1e3 * float(np.median(times)), 1) for login, times in took.items()},
        "area_under_curve": {
            login: round(area_under_curve(took[LOGIN], took[login]), 3) for login in (FACELESS, NOBODY)
        },
    }


def times_of(picture: bytes, tries: int) -> dict[str, list[float]]:
    """Seconds of each refusal, by login."""
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
    return took


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


def _areas(area: float | None) -> list[float | str]:
    """As measured, and as good as it is to somebody who may take the quicker answer for either kind."""
    return ["", ""] if area is None else [area, round(max(area, 1 - area), 3)]


def table(figures: Figures) -> str:
    return markdown(
        [
            "login",
            "median ms to refuse",
            "area under the curve against an enrolled one",
            "told apart, whichever is slower",
        ],
        [
            [WORDS[login], took, *_areas(figures["area_under_curve"].get(login))]
            for login, took in figures["median_ms"].items()
        ],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    medians = figures["median_ms"]
    axes.bar(
        [WORDS[login] for login in medians], list(medians.values()), width=0.5, color=plot_style.COLOURS[0]
    )
    plot_style.dress(axes, title="Time of a refusal", x="login", y="median, milliseconds")
