"""Times our pipeline and what others do with a picture, in turn, on the same pictures: how many times faster is ours?

`dlib` (the pipeline of the package face_recognition), `opencv` (Haar cascade and LBPH) and `deepface` (as it comes) go
from bytes to what they compare; `insightface` and `uniface` from an aligned face, since their detectors are files that
they download. deepface's, insightface's and uniface's networks have weights drawn by chance: only their time means
something. Each runs several times, one after the other, so that all meet the same load; the medians are compared. dlib
uses one thread, the others two or more. The others need an environment of their own:

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
from ml.config import THREADS
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


def measure(options: argparse.Namespace) -> Figures:
    if not (options.others / "bin" / "python").exists():
        raise SystemExit(f"expected other packages in {options.others}: benchmarks/others/install.sh DIR")
    pictures = lfw_pictures(options.lfw, options.images)
    rounds: dict[str, list[dict[str, float]]] = {"ours": [], **{name: [] for name in options.names}}
    for _ in range(options.rounds):
        rounds["ours"].append(pipeline.step_times(pictures, threads=THREADS))
        for name in options.names:
            rounds[name].append(other_times(name, options.others, pictures))
    figures = {name: medians(runs) for name, runs in rounds.items()}
    ours = figures.pop("ours")
    peers = {name: some | {"ratio": ratio(some, ours)} for name, some in figures.items()}
    return {"images": len(pictures), "ours": {kind: ours[kind] for kind in KINDS}, "peers": peers}


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
        rows.append(
            [
                name,
                WHAT[name],
                KINDS[kind],
                f"{some[kind]:.1f}",
                f"{figures['ours'][kind]:.1f}",
                some["ratio"],
            ]
        )
    return markdown(["", "what runs", "from, to", "ms a picture", "ours", "ratio"], rows)


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    ratios = {name: some["ratio"] for name, some in figures["peers"].items()}
    colours = [
        plot_style.COLOURS["embed_ms" in figures["peers"][name]] for name in ratios
    ]  # apart: the network alone
    bars = axes.barh(list(ratios)[::-1], list(ratios.values())[::-1], height=0.5, color=colours[::-1])
    axes.bar_label(bars, fmt="%.1f", padding=4)
    plot_style.dress(
        axes, title="How many times longer than ours", x="times ours; orange: the network alone", y=""
    )
