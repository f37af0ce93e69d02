"""Times our pipeline and what others do with a picture, in turn, on the same pictures: how many times faster is ours?

`dlib` (the pipeline of the package face_recognition), `opencv` (Haar cascade and LBPH) and `deepface` (as it comes) go
from bytes to what they compare; `insightface` and `uniface` from an aligned face, since their detectors are files that
they download. deepface's, insightface's and uniface's networks have weights drawn by chance: only their time means
something. Each runs several times, one after the other, so that all meet the same load; the medians are compared. dlib
uses one thread, the others two or more; ours is run as it comes and on one thread. The others need an environment of
their own:

    benchmarks/others/install.sh var/others
"""

import argparse
import json
import statistics
import subprocess
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks import pipeline
from benchmarks.catalogue import Figures
from benchmarks.report import ROOT, markdown
from benchmarks.research_data import LFW, lfw_pictures
from ml.config import THREADS as USUAL_THREADS
from ml.evaluation import plot_style

OTHERS = ROOT / "var" / "others"
WHAT = {
    "dlib": "HOG, five landmarks, ResNet-29",
    "opencv": "Haar cascade, LBPH among 100 faces",
    "deepface": "Haar cascades, VGG-Face (random weights)",
    "insightface": "IResNet-50 alone (random weights)",
    "uniface": "IResNet-50 alone (random weights)",
}
KINDS = {"total_ms": "bytes to embedding", "embed_ms": "aligned face to embedding"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--others", type=Path, default=OTHERS, help="environment of the other packages")
    parser.add_argument("--names", nargs="+", choices=WHAT, default=list(WHAT))
    parser.add_argument("--lfw", type=Path, default=LFW, help="folder with pairs.txt and images/")
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[USUAL_THREADS, 1], help="of ours, in turn")


def measure(options: argparse.Namespace) -> Figures:
    if not (options.others / "bin" / "python").exists():
        raise SystemExit(f"expected other packages in {options.others}: benchmarks/others/install.sh DIR")
    pictures = lfw_pictures(options.lfw, options.images)
    ours: dict[str, list[dict[str, float]]] = {str(count): [] for count in options.threads}
    others: dict[str, list[dict[str, float]]] = {name: [] for name in options.names}
    for _ in range(options.rounds):
        for count in options.threads:
            ours[str(count)].append(pipeline.step_times(pictures, threads=count))
        for name in options.names:
            others[name].append(other_times(name, options.others, pictures))
    our_medians = {count: medians(runs) for count, runs in ours.items()}
    peers = {}
    for name, runs in others.items():
        some = medians(runs)
        peers[name] = some | {"ratio": {count: ratio(some, times) for count, times in our_medians.items()}}
    return {
        "images": len(pictures),
        "ours": {count: {kind: times[kind] for kind in KINDS} for count, times in our_medians.items()},
        "peers": peers,
    }


def other_times(name: str, environment: Path, pictures: list[Path]) -> dict[str, float]:
    """What another package takes, in its own environment."""
    command = [environment / "bin" / "python", "-m", "benchmarks.others.clock", name, environment, *pictures]
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-1000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {kind: round(statistics.median(run[kind] for run in runs), 2) for kind in runs[0]}


def ratio(other: dict[str, float], ours: dict[str, float]) -> float:
    """How many times longer the other one takes, from the same beginning to the same end."""
    ((kind, took),) = other.items()
    return round(took / ours[kind], 1)


def table(figures: Figures) -> str:
    rows = []
    for name, some in figures["peers"].items():
        kind = next(kind for kind in KINDS if kind in some)
        row = [name, WHAT[name], KINDS[kind], f"{some[kind]:.1f}"]
        for count, times in figures["ours"].items():
            row += [f"{times[kind]:.1f}", str(some["ratio"][count])]
        rows.append(row)
    heads = [(f"ours, {count} thread{'s' * (count != '1')}", "ratio") for count in figures["ours"]]
    return markdown(
        ["", "what runs", "from, to", "ms a picture", *(head for pair in heads for head in pair)], rows
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    names, threads = list(figures["peers"])[::-1], list(figures["ours"])
    height = 0.8 / len(threads)
    for place, (colour, count) in enumerate(zip(plot_style.COLOURS, threads, strict=False)):
        ratios = [figures["peers"][name]["ratio"][count] for name in names]
        across = [row - place * height for row in range(len(names))]
        bars = axes.barh(across, ratios, 0.9 * height, color=colour, label=f"ours on {count}")
        axes.bar_label(bars, fmt="%.1f", padding=4)
    axes.set_yticks([row - height * (len(threads) - 1) / 2 for row in range(len(names))], names)
    axes.legend(frameon=False, title="threads", loc="lower right")
    plot_style.dress(axes, title="How many times longer than ours", x="times ours", y="")
