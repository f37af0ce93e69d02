"""Times the re-embedding of stored faces for another model version, from encrypted rows to encrypted rows.

    .venv/bin/python benchmarks/reembed.py --count 2000 --threads 1 2

Works on a database of its own, with the crop of one picture sealed into every row; each number of threads promotes a
version of its own. Prints one JSON object last.
"""

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
BATCH = 500


def prepare(folder: Path) -> None:
    """Makes a site in a folder."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "faceverify_site.settings",
        "ENV_FILE": str(folder / "no.env"),
        "VAR_DIR": str(folder),
        "EMAIL_URL": "dummymail://",
        "LOG_LEVEL": "WARNING",
        "SECRET_KEY": "a key for benchmarks alone, of more than fifty characters in length",
        "FACE_ENCRYPTION_KEYS": "Zm9yIHRlc3RzIG9ubHk6IDMyIGJ5dGVzIG9mIGtleSE=",
    }
    os.environ.pop("DATABASE_URL", None)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("register_model", verbosity=0, stdout=io.StringIO())


def registered(folder: Path):  # type: ignore[no-untyped-def]
    """The shipped network once more, under the folder's name."""
    from django.conf import settings
    from django.core.management import call_command

    from enrollment.models import ModelVersion

    shutil.copytree(settings.FACE_MODEL, folder)
    manifest = json.loads((folder / "manifest.json").read_text()) | {"name": folder.name}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    call_command("register_model", str(folder), verbosity=0, stdout=io.StringIO())
    return ModelVersion.objects.get(name=folder.name)


def enroll(count: int, *, anchors: int = 5) -> None:
    """So many anchors, each with a sealed crop, of people with five each."""
    from django.utils import timezone
    from skimage import data

    from enrollment.crypto import seal
    from enrollment.models import Sample, Subject
    from ml.faces.images import encode_jpeg

    crop = encode_jpeg(np.ascontiguousarray(data.astronaut()[40:152, 170:282]))
    subjects = Subject.objects.bulk_create([Subject() for _ in range(-(-count // anchors))])
    rows = []
    for number in range(count):
        sample = Sample(subject=subjects[number // anchors], state="accepted", decided_at=timezone.now())
        sample.quality, sample.image_digest = {"score": 0.9}, f"{number:064d}"
        sample.sealed_crop = seal(crop, context=f"crop:{sample.pk}")
        rows.append(sample)
    Sample.objects.bulk_create(rows, batch_size=BATCH)


def promote(version, threads: int) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Templates a second of one promotion, and the processor time of each: the latter holds on a busy machine too."""
    from django.conf import settings

    from enrollment.jobs import reembedding
    from enrollment.models import Promotion

    settings.PROMOTION_THREADS = threads
    promotion = Promotion.begin(version, actor=None)
    start, worked = time.perf_counter(), time.process_time()
    reembedding.promotion_execute(promotion.pk)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    promotion.refresh_from_db()
    if promotion.state != Promotion.State.SWITCHED:
        raise SystemExit(f"The promotion {promotion.state}: {promotion.failure_detail}")
    return {
        "templates_per_second": round(promotion.done / seconds, 1),
        "cpu_ms_per_template": round(worked / promotion.done * 1e3, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        enroll(args.count)
        rates = {}
        for threads in args.threads:
            version = registered(folder / f"twin-{threads}")
            rates[str(threads)] = promote(version, threads)
    print(json.dumps({"templates": args.count, "threads": rates}))


if __name__ == "__main__":
    main()
