"""Measures all networks of the family on the same faces and writes their table."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from enrollment.management.arguments import folder_make
from ml.config import ARTIFACTS
from ml.errors import MLError
from ml.types import Picture

PAGE, PLOT = Path("docs/siamese_networks.md"), Path("docs/networks_det")
COMMAND = "manage.py compare_networks --data DIR"


class Command(BaseCommand):
    help = "Measure every network on LFW; write their table into a page of the docs, and one DET plot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data", type=Path, required=True, help="LFW: folder with images/ and pairs.txt."
        )
        parser.add_argument(
            "--artifacts", type=Path, nargs="*", default=[], help="More models than those that are shipped."
        )
        parser.add_argument("--page", type=Path, default=PAGE, help="Page with the marks of the table.")
        parser.add_argument("--plot", type=Path, default=PLOT, help="Where the plot goes, without suffix.")

    def handle(self, *args: Any, data: Path, artifacts: list[Path], page: Path, plot: Path, **_: Any) -> None:
        # TensorFlow counts the parameters; matplotlib draws. Neither is wanted before the arguments are read.
        from ml.evaluation import family
        from ml.evaluation.plots import det_plot

        shipped = sorted(folder for folder in ARTIFACTS.iterdir() if (folder / "manifest.json").is_file())
        crops: dict[Path, Picture | None] = {}
        folder_make(plot.parent)
        try:
            text = _read(page)
            family.replace_block(text, "")  # a page without marks is worth knowing before an hour's work
            networks = [
                family.measure(
                    folder, data, crops=crops, progress=partial(tqdm, desc=folder.name, unit="picture")
                )
                for folder in [*shipped, *artifacts]
            ]
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        table = family.markdown(networks, command=COMMAND)
        curves = {network.artifact.name: network.curve for network in networks}
        files = det_plot(curves, plot, title="Error trade-off of the networks, pairs of LFW")
        drawn = os.path.relpath(files[1], page.parent)
        picture = f"![Error trade-off of the networks on the pairs of LFW]({drawn})"
        page.write_text(family.replace_block(text, f"{table}\n\n{picture}"))
        self.stdout.write(table)
        for path in (page, *files):
            self.stdout.write(f"wrote {path}")


def _read(page: Path) -> str:
    try:
        return page.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"page_missing: expected the page {page}: {error.strerror}") from error
    except UnicodeError as error:
        raise CommandError(f"page_unreadable: expected UTF-8 in {page}: {error}") from error
