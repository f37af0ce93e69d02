"""Times the way from a picture's bytes to its embedding, stage by stage, in one warm process.

Takes pictures of Labeled Faces in the Wild, or of another folder. Mean milliseconds a picture; `total_ms` is timed
apart from the stages.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.catalogue import Figures
from benchmarks.report import ROOT, markdown
from benchmarks.research_data import LFW, lfw_pictures
from ml.evaluation import plot_style

STAGES = ("decode_ms", "detect_ms", "landmarks_ms", "align_ms", "embed_ms")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lfw", type=Path, default=LFW, help="folder with pairs.txt and images/")
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])


def measure(options: argparse.Namespace) -> Figures:
    pictures = lfw_pictures(options.lfw, options.images)
    threads = {str(count): step_times(pictures, threads=count) for count in options.threads}
    return {"images": len(pictures), "threads": threads}


def step_times(pictures: list[Path], *, threads: int) -> dict[str, float]:
    """What `manage.py bench_pipeline` says of them, in a process that does nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(pictures):
            (Path(folder) / f"{number:04d}.jpg").symlink_to(picture.resolve())
        command = [sys.executable, "manage.py", "bench_pipeline", "--json"]
        command += ["--data", folder, "--images", str(len(pictures)), "--threads", str(threads)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    times = json.loads(done.stdout.splitlines()[-1])
    return {key: round(value, 2) for key, value in times.items() if key.endswith("_ms")}


def table(figures: Figures) -> str:
    keys = [*STAGES, "total_ms"]
    return markdown(
        ["threads", *(key.removesuffix("_ms") for key in keys)],
        [[count, *(times[key] for key in keys)] for count, times in figures["threads"].items()],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    bottom = dict.fromkeys(figures["threads"], 0.0)
    for colour, stage in zip(plot_style.COLOURS, STAGES, strict=False):
        heights = [times[stage] for times in figures["threads"].values()]
        label = stage.removesuffix("_ms")
        axes.bar(list(bottom), heights, bottom=list(bottom.values()), width=0.5, color=colour, label=label)
        bottom = {count: low + height for (count, low), height in zip(bottom.items(), heights, strict=True)}
    axes.legend(frameon=False)
    plot_style.dress(axes, title="Bytes to embedding", x="threads", y="milliseconds a picture")
