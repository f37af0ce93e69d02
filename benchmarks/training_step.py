"""Times training steps of every network of the family, on made-up faces: images a second.

A step takes a batch, varies its faces, and follows the slope of the loss. Drawing the faces of the batches is counted,
the first step, which compiles, is not.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from benchmarks.catalogue import Figures
from benchmarks.report import markdown
from ml.evaluation import plot_style

if TYPE_CHECKING:
    from ml.training.folder import People

FACES_A_PERSON = 4


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, default=12, help="of each network")
    parser.add_argument("--batch", type=int, default=64, help="faces a step")
    parser.add_argument("--loss", default="contrastive")


def measure(options: argparse.Namespace) -> Figures:
    from ml.siamese.networks import NETWORKS

    networks = {name: step_times(name, options) for name in NETWORKS}
    return {"batch": options.batch, "loss": options.loss, "networks": networks}


def step_times(name: str, options: argparse.Namespace) -> dict[str, float]:
    from ml.siamese.networks import NETWORKS
    from ml.training.objectives import objective
    from ml.training.trainer import Trainer, TrainingOptions

    people = made_up_people(options.batch * (options.steps + 1) // FACES_A_PERSON)
    spec = NETWORKS[name]
    chosen = TrainingOptions(epochs=1, batch=options.batch)
    trainer = Trainer(spec, objective(options.loss, people=len(people.names)), chosen)
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        held_out = made_up_people(2 * options.batch // FACES_A_PERSON)
        trainer.fit(
            people,
            held_out,
            Path(folder),
            progress=lambda state: ends.append(time.perf_counter()) if state.phase == "train" else None,
        )
    median = statistics.median(np.diff(ends).tolist())
    return {"step_ms": round(1e3 * median, 1), "images_per_second": round(options.batch / median, 1)}


def made_up_people(count: int) -> "People":
    from ml.training.folder import FACE_PX, People

    faces = count * FACES_A_PERSON
    random = np.random.default_rng(0)
    return People(
        names=tuple(f"{number:05d}" for number in range(count)),
        files=tuple(f"{number // FACES_A_PERSON:05d}/{number}.jpg" for number in range(faces)),
        faces=random.integers(0, 256, (faces, FACE_PX, FACE_PX, 3), dtype=np.uint8),
        subjects=np.repeat(np.arange(count, dtype=np.int32), FACES_A_PERSON),
    )


def table(figures: Figures) -> str:
    return markdown(
        ["network", "ms a step", "images a second"],
        [[name, some["step_ms"], some["images_per_second"]] for name, some in figures["networks"].items()],
    )


def draw(figures: Figures, figure: Figure) -> None:
    axes = figure.subplots()
    rates = {name: some["images_per_second"] for name, some in figures["networks"].items()}
    axes.bar(list(rates), list(rates.values()), width=0.5, color=plot_style.COLOURS[0])
    axes.set_yscale("log")
    plot_style.dress(axes, title="Training", x="network", y="images a second")
