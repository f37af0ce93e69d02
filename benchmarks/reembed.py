"""Times the re-embedding of stored faces for another model version, from encrypted rows to encrypted rows.

Works on a database of its own, with the crop of one picture sealed into every row; each number of threads promotes a
version of its own.
"""

import argparse
import time
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from benchmarks import site
from benchmarks.catalogue import Figures
from benchmarks.people import enroll_crops
from benchmarks.report import markdown
from benchmarks.twin import registered
from ml.evaluation import plot_style

if TYPE_CHECKING:
    from enrollment.models import ModelVersion


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=2000, help="of templates")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])


def measure(options: argparse.Namespace) -> Figures:
    with site.within() as folder:
        enroll_crops(options.count)
        rates = {
            str(threads): promote(registered(folder / f"twin-{threads}"), threads)
            for threads in options.threads
        }
    return {"templates": options.count, "threads": rates}


def promote(version: "ModelVersion", threads: int) -> dict[str, float]:
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


def table(figures: Figures) -> str:
    return markdown(
        ["threads", "templates a second", "processor ms a template"],
        [
            [threads, some["templates_per_second"], some["cpu_ms_per_template"]]
            for threads, some in figures["threads"].items()
        ],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    rates = {threads: some["templates_per_second"] for threads, some in figures["threads"].items()}
    axes.bar(list(rates), list(rates.values()), width=0.5, color=plot_style.COLOURS[0])
    plot_style.dress(axes, title="Re-embedding of stored faces", x="threads", y="templates a second")
