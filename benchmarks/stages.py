"""Where the time of a verification goes, as the running site's own metrics tell."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

# Which metric, and the label that names the stage.
TIMED = {
    "faceverify_http_request_seconds": "view",
    "faceverify_queue_wait_seconds": "queue",
    "faceverify_task_seconds": "task",
    "faceverify_stage_seconds": "stage",
}
Totals = dict[str, tuple[float, float]]


def totals(url: str) -> Totals:
    """Seconds and number of each stage since the site began."""
    with urllib.request.urlopen(f"{url}/metrics") as answer:  # noqa: S310 - our own site
        text = answer.read().decode()
    found: Totals = {}
    for family in text_string_to_metric_families(text):
        label = TIMED.get(family.name)
        for sample in family.samples if label else []:
            name = f"{family.name.split('_')[1]}: {sample.labels[label or '']}"
            seconds, count = found.get(name, (0.0, 0.0))
            if sample.name.endswith("_sum"):
                found[name] = seconds + sample.value, count
            elif sample.name.endswith("_count"):
                found[name] = seconds, count + sample.value
    return found


def means_between(before: Totals, after: Totals, *, runs: int) -> dict[str, float]:
    """Mean milliseconds of each stage that went through in at least half of so many verifications."""
    means = {}
    for name, (seconds, count) in after.items():
        earlier = before.get(name, (0.0, 0.0))
        times = count - earlier[1]
        if times >= runs / 2:
            means[name] = round(1e3 * (seconds - earlier[0]) / times, 2)
    return means
