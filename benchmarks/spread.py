"""How times are spread."""

import statistics
from collections.abc import Sequence


def spread(times: Sequence[float]) -> dict[str, float]:
    """Median, p95, p99 and the largest; nothing of fewer than two.

    What is given is all there was, not a sample of more: no percentile lies above the largest.
    """
    if len(times) < 2:
        return {}
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {
        "median": round(statistics.median(times), 1),
        "p95": round(cuts[94], 1),
        "p99": round(cuts[98], 1),
        "max": round(max(times), 1),
    }
