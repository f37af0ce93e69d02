"""Measures a model on a folder of people."""

import json
import textwrap
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from enrollment.management.arguments import folder_make, positive_int
from ml.errors import MLError
from ml.evaluation.conditions import conditions
from ml.evaluation.listed_pairs import listed_pairs
from ml.evaluation.protocols import Embeddings, Evaluation, lfw, templates
from ml.evaluation.tables import Table, tables_of
from ml.serving.artifacts import Artifact
from ml.serving.pipeline import FacePipeline
from ml.siamese.rules import RULES, TEMPLATE_MEAN
from ml.training.history import History

PROTOCOLS = ["lfw", "pairs", "templates", "conditions"]


class Command(BaseCommand):
    help = "Measure a model: on LFW, on a list of pairs, templates against probes, or by condition."

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
            "--people", type=positive_int, default=610, help="At most so many are enrolled (conditions only)."
        )
        parser.add_argument(
            "--strangers", type=positive_int, default=1000, help="At most so many try (conditions only)."
        )
        parser.add_argument(
            "--sources",
            type=Path,
            help="Aligned faces of several collections, to measure each (conditions only).",
        )
        parser.add_argument(
            "--anchors", type=positive_int, default=3, help="Pictures that make a template (templates only)."
        )
        parser.add_argument(
            "--rule", choices=RULES, default=TEMPLATE_MEAN, help="How anchors decide (templates only)."
        )
        parser.add_argument(
            "--out", type=Path, help="Folder for report.html, the figures (JSON) and the plots (PNG, SVG)."
        )
        parser.add_argument(
            "--quick",
            action="store_true",
            help="Look for faces with the small detector first, as a check does.",
        )
        parser.add_argument("--json", action="store_true", help="End with one line of JSON.")

    def handle(self, *args: Any, protocol: str, data: Path, artifact: Path, **options: Any) -> None:
        if options["out"]:
            folder_make(options["out"])
        try:
            pipeline = FacePipeline.load(artifact)
            if options["quick"]:
                pipeline = replace(pipeline, detector=pipeline.quick_detector)
            found = _evaluate(pipeline, protocol, data, options)
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for table in tables_of(found.figures):
            self.stdout.write(_text(table))
        if options["out"]:
            self._write(options["out"], pipeline.artifact, found)
        if options["json"]:
            self.stdout.write(json.dumps(found.named(pipeline.artifact)))

    def _write(self, out: Path, artifact: Artifact, found: Evaluation) -> None:
        # Drawing needs matplotlib, which takes a while to load.
        from ml.evaluation.html_report import Plot
        from ml.evaluation.report_files import write_report
        from ml.training.curves import plot_losses

        curves = []
        history = artifact.directory / "history.json"
        if history.is_file():
            losses = History.from_json(json.loads(history.read_text()))
            files = plot_losses(losses, out / "training", title=f"Training of {artifact.name}")
            curves.append(Plot(files[1], "Losses of training and validation over the epochs"))
        for path in write_report(out, artifact, found, more_plots=curves):
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


def _text(table: Table) -> str:
    lines = [line for line in (table.head, *table.rows) if any(line)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.head))]
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([table.title, textwrap.fill(table.note, 110), "", *text, ""])
