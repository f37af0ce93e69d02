"""Searches as the worker does them, in a process that does nothing else: prints one line of JSON.

The first search opens everybody's templates. Those after it ask the database whether anything changed, and search; one
that comes through a service key fetches first whom it may search among. Then somebody enrolls, and the next search
takes that in.
"""

import json
import os
import statistics
import time
from collections.abc import Callable

import django
import numpy as np

from benchmarks.processes import memory_mb, most_memory_mb
from ml.types import Floats

PROBES = 15


def main() -> None:
    django.setup()
    print(json.dumps(measure()))


def measure() -> dict[str, float]:
    from benchmarks.people import enroll_templates
    from enrollment.jobs import candidates_for, pipeline_for
    from enrollment.selectors import active_model_version, backend_subjects

    version = active_model_version()
    size = pipeline_for(version).artifact.embedding_size
    probes = np.random.default_rng(1).standard_normal((PROBES, size)).astype(np.float32)
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)

    def search(probe: Floats, among: set[int] | None = None) -> None:
        candidates_for(probe, version, count=5, fmr=1e-4, among=among)

    def search_by_key(probe: Floats) -> None:
        search(probe, set(backend_subjects().values_list("pk", flat=True)))

    process = os.getpid()
    before = memory_mb([process])
    load = milliseconds(search, probes[0])
    loaded = memory_mb([process])
    everybody = [milliseconds(search, probe) for probe in probes]
    by_key = [milliseconds(search_by_key, probe) for probe in probes]
    enroll_templates(1, version, size=size)
    changed = milliseconds(search, probes[0])
    return {
        "median_ms": round(statistics.median(everybody), 2),
        "by_key_median_ms": round(statistics.median(by_key), 2),
        "after_change_ms": round(changed, 1),
        "load_seconds": round(load / 1e3, 2),
        "memory_mb": round(loaded - before, 1),
        "most_memory_mb": round(most_memory_mb(process) - before, 1),
    }


def milliseconds(search: Callable[[Floats], None], probe: Floats) -> float:
    start = time.perf_counter()
    search(probe)
    return 1e3 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
