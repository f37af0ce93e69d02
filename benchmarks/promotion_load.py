"""Promotes a version while people verify, and counts what went wrong for them.

One process re-embeds stored faces and switches; another one verifies a rightful person all the while, once an interval.
The candidate is the shipped network under another name, so that a refusal can only come from the change itself.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks import site
from benchmarks.catalogue import Figures
from benchmarks.people import LOGIN, enroll_crops, enroll_login
from benchmarks.report import ROOT, markdown
from benchmarks.twin import registered
from ml.evaluation import plot_style

PROMOTE = "import os, sys; os.nice(10); import django; django.setup(); from django.core.management import call_command;"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--templates", type=int, default=10_000)
    parser.add_argument(
        "--interval", type=float, default=0.25, help="seconds from one verification to the next"
    )
    parser.add_argument("--before", type=float, default=20, help="seconds of verifying before the change")


def measure(options: argparse.Namespace) -> Figures:
    with site.within(LIVENESS="off") as folder:
        return _measure(folder, options)


def _measure(folder: Path, options: argparse.Namespace) -> Figures:
    enroll_crops(options.templates)
    picture = enroll_login()
    version = registered(folder / "twin-1")
    verify(picture)
    before = verify_while(_for_seconds(options.before), picture, options.interval)
    command = f"{PROMOTE} call_command('promote_model', '{version}', '--now')"
    start = time.perf_counter()
    promotion = subprocess.Popen([sys.executable, "-c", command], cwd=ROOT, stdout=subprocess.DEVNULL)
    during = verify_while(lambda: promotion.poll() is None, picture, options.interval)
    took = time.perf_counter() - start
    after = verify_while(_for_seconds(options.before / 4), picture, options.interval)
    p95 = {"before": _p95_ms(before), "during": _p95_ms(during)}
    return {
        "templates": options.templates + 3,
        "promotion_seconds": round(took, 1),
        "verifications": {"before": len(before), "during": len(during), "after": len(after)},
        **outcome(version.pk),
        "p95_ms": p95,
        "p95_ratio": round(p95["during"] / p95["before"], 2),
    }


def outcome(version: int) -> Figures:
    """What became of the promotion, and of everybody's attempts."""
    from django.db.models import F

    from enrollment.models import ModelVersion
    from verification.models import Attempt

    attempts = Attempt.objects.all()
    return {
        "promoted": ModelVersion.objects.get(pk=version).state == ModelVersion.State.ACTIVE,
        "refused": attempts.exclude(decision=Attempt.Decision.MATCH).count(),
        "across_versions": attempts.exclude(model_version=F("anchors_version")).count(),
        "under_each_version": [attempts.filter(model_version=pk).count() for pk in (1, version)],
    }


def verify(picture: bytes) -> float:
    """Seconds of one verification, from the open session to the decision."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from enrollment.models import User
    from verification import jobs
    from verification.services import attempt_submit, session_open

    user = User.objects.get(username=LOGIN)
    start = time.perf_counter()
    session = session_open(purpose="verify", browser_key="benchmark", source=None, user=user)
    attempt = attempt_submit(session, SimpleUploadedFile("probe.jpg", picture))
    jobs.attempt_decide(attempt.pk)
    return time.perf_counter() - start


def verify_while(goes_on: Callable[[], bool], picture: bytes, interval: float) -> list[float]:
    """Verifies once an interval until `goes_on` says no; the seconds of each."""
    seconds = []
    while goes_on():
        seconds.append(verify(picture))
        time.sleep(max(0.0, interval - seconds[-1]))
    return seconds


def _for_seconds(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def _p95_ms(seconds: list[float]) -> float:
    return round(1e3 * float(np.percentile(seconds, 95)), 1)


def table(figures: Figures) -> str:
    tries = sum(figures["verifications"].values())
    return markdown(
        ["templates", "promotion", "p95 before", "during", "ratio", "refused", "compared across versions"],
        [
            [
                f"{figures['templates']:,}",
                f"{figures['promotion_seconds']} s",
                f"{figures['p95_ms']['before']} ms",
                f"{figures['p95_ms']['during']} ms",
                figures["p95_ratio"],
                f"{figures['refused']} of {tries}",
                f"{figures['across_versions']} of {tries}",
            ]
        ],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    axes.bar(
        list(figures["p95_ms"]), list(figures["p95_ms"].values()), width=0.5, color=plot_style.COLOURS[:2]
    )
    title = f"Verifying while {figures['templates']:,} templates are made anew"
    plot_style.dress(axes, title=title, x="the promotion", y="p95, milliseconds")
