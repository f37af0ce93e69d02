"""Times exact search among many templates: who of n people does a probe resemble most?

    .venv/bin/python benchmarks/identify.py [--sizes 1000 10000 100000 1000000] [--threads 2]

Prints a Markdown table and, last, one JSON object. The templates are random: an exact search takes the same time
whatever they are.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SIZE = 192
PROBES = 15


def measure(people: int) -> dict[str, float]:
    """Milliseconds of a search among so many people (median, slowest), and the gallery's size in MB."""
    import numpy as np

    from ml.serving.gallery import Gallery

    random = np.random.default_rng(0)
    templates = random.standard_normal((people, SIZE), dtype=np.float32)
    templates /= np.sqrt(np.einsum("nd,nd->n", templates, templates))[:, None]
    gallery = Gallery(np.arange(people), templates)
    probes = random.standard_normal((PROBES, SIZE), dtype=np.float32)
    gallery.nearest(probes[0], count=5)
    times = []
    for probe in probes:
        start = time.perf_counter()
        gallery.nearest(probe, count=5)
        times.append(1e3 * (time.perf_counter() - start))
    memory = (gallery.templates.nbytes + gallery.subjects.nbytes) / 1e6
    return {
        "people": people,
        "median_ms": statistics.median(times),
        "max_ms": max(times),
        "memory_mb": memory,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)  # read when NumPy is imported
    rows = [measure(people) for people in options.sizes]
    print("| people | median ms | slowest ms | memory MB |\n|--:|--:|--:|--:|")
    for row in rows:
        print(
            f"| {row['people']:,} | {row['median_ms']:.2f} | {row['max_ms']:.2f} | {row['memory_mb']:,.1f} |"
        )
    print(json.dumps({"dimensions": SIZE, "threads": options.threads, "rows": rows}))


if __name__ == "__main__":
    main()
