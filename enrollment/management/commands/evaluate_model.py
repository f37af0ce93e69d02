"""Measures a model on a folder of people."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ml.errors import MLError
from ml.evaluation.conditions import conditions
from ml.evaluation.listed_pairs import listed_pairs
from ml.evaluation.protocols import Embeddings, Evaluation, lfw, templates
from ml.serving.pipeline import FacePipeline
from ml.siamese.rules import RULES, TEMPLATE_MEAN

PROTOCOLS = ["lfw", "pairs", "templates", "conditions"]


class Command(BaseCommand):
    help = "Measure a model: the ten folds of LFW, a list of pairs, or templates against probes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--protocol", choices=PROTOCOLS, required=True)
        parser.add_argument(
            "--data",
            type=Path,
            required=True,
            help="Folder with images/ and, for lfw, pairs.txt; for pairs, the folder its paths start from.",
        )
        parser.add_argument(
            "--artifact", type=Path, default=Path(settings.FACE_MODEL), help="Folder of the model."
        )
        parser.add_argument(
            "--pairs",
            type=Path,
            help="List of pairs, CSV (pairs only); pairs.csv in the data folder if not given.",
        )
        parser.add_argument(
            "--people", type=int, default=610, help="At most so many are enrolled (conditions only)."
        )
        parser.add_argument(
            "--strangers", type=int, default=1000, help="At most so many try (conditions only)."
        )
        parser.add_argument(
            "--sources",
            type=Path,
            help="Aligned faces of several collections, to measure each (conditions only).",
        )
        parser.add_argument(
            "--anchors", type=int, default=3, help="Pictures that make a template (templates only)."
        )
        parser.add_argument(
            "--rule", choices=RULES, default=TEMPLATE_MEAN, help="How anchors decide (templates only)."
        )
        parser.add_argument(
            "--out", type=Path, help="Folder for the figures (JSON) and the DET plot (PNG, SVG)."
        )
        parser.add_argument("--json", action="store_true", help="End with one line of JSON.")

    def handle(self, *args: Any, protocol: str, data: Path, artifact: Path, **options: Any) -> None:
        try:
            pipeline = FacePipeline.load(artifact)
            found = _evaluate(pipeline, protocol, data, options)
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        figures = {"model": pipeline.artifact.name, "digest": pipeline.artifact.digest, **found.figures}
        self.stdout.write(_table(figures))
        if options["out"]:
            self._write(options["out"], figures, found)
        if options["json"]:
            self.stdout.write(json.dumps(figures))

    def _write(self, out: Path, figures: dict[str, Any], found: Evaluation) -> None:
        from ml.evaluation.plots import det_plot

        name = figures["protocol"]
        plots = det_plot(
            {figures["model"]: found.curve}, out / f"det_{name}", title=f"Error trade-off, {name}"
        )
        (out / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
        for path in (*plots, out / f"{name}.json"):
            self.stdout.write(f"wrote {path}")


def _evaluate(pipeline: FacePipeline, protocol: str, data: Path, options: dict[str, Any]) -> Evaluation:
    progress = partial(tqdm, desc=protocol, unit="picture")
    if protocol == "pairs":
        faces = Embeddings(pipeline, data, images=".", progress=progress)
        return listed_pairs(faces, options["pairs"] or data / "pairs.csv")
    if protocol == "conditions":
        return conditions(
            pipeline,
            data,
            people=options["people"],
            strangers=options["strangers"],
            sources=options["sources"],
            progress=progress,
        )
    faces = Embeddings(pipeline, data, progress=progress)
    if protocol == "lfw":
        return lfw(faces)
    return templates(faces, anchors=options["anchors"], rule=options["rule"])


def _table(figures: dict[str, Any]) -> str:
    rows = []
    for name, value in figures.items():
        if isinstance(value, dict):
            rows += [(f"{name} {key}", part) for key, part in value.items()]
        elif not isinstance(value, list):
            rows.append((name, value))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {_plain(value)}" for name, value in rows)


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return " to ".join(_plain(part) for part in value)
    return f"{value:.5g}" if isinstance(value, float) else str(value)
