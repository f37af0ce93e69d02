"""Trains a network on a folder of people."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from enrollment.management.arguments import folder_make, natural_int, positive_int
from ml.config import SEED
from ml.errors import MLError
from ml.training.runs import RECIPES, TrainingRequest, recipe, train
from ml.training.trainer import Progress


class Command(BaseCommand):
    help = "Train a network; write it with its curves, its history and its figures on held-out people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", choices=sorted(RECIPES), required=True)
        parser.add_argument(
            "--data", type=Path, required=True, help="Folder of people, as import_faces writes it."
        )
        parser.add_argument("--out", type=Path, required=True, help="Folder for all that comes of it.")
        parser.add_argument("--loss", help="Another loss than the network's usual one.")
        parser.add_argument("--epochs", type=positive_int, help="At most so many.")
        parser.add_argument("--batch", type=positive_int, help="Faces a step; a pair is two.")
        parser.add_argument("--seed", type=natural_int, default=SEED)
        parser.add_argument(
            "--limit-subjects",
            "--max-subjects",
            type=positive_int,
            help="Draw so many people from the folder.",
        )
        parser.add_argument(
            "--from", dest="start", type=Path, help="Artifact of the same network to start from."
        )
        parser.add_argument(
            "--blend",
            type=float,
            default=1.0,
            help="Share of what is learned in the final weights; with --from.",
        )
        parser.add_argument(
            "--resume", action="store_true", help="Go on after the last whole epoch in --out."
        )

    def handle(self, *args: Any, network: str, data: Path, out: Path, **options: Any) -> None:
        folder_make(out.parent)  # the folder itself is there for a training, not for data that is refused
        if out.exists() and not out.is_dir():
            raise CommandError(f"{out}: expected a folder, or room for one")
        changed = {name: options[name] for name in ("epochs", "batch", "seed") if options[name] is not None}
        try:
            request = TrainingRequest(
                network,
                data,
                loss=options["loss"],
                options=replace(recipe(network).options_for(options["loss"]), **changed),
                limit_subjects=options["limit_subjects"],
                start=options["start"],
                blend=options["blend"],
            )
            with _Bar() as bar:
                report = train(request, out, resume=options["resume"], progress=bar.show)
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        history, test = report["history"], report["test"]
        self.stdout.write(f"best epoch {history['best'] + 1} of {len(history['epochs'])}")
        for name in ("auc", "eer", "tar_at_fmr_0.01", "tar_at_fmr_0.001"):
            low, high = test[name]["interval"]
            self.stdout.write(f"{name:17} {test[name]['value']:.4f}  ({low:.4f} to {high:.4f})")
        self.stdout.write(f"on {test['pairs']} pairs of {test['subjects']} people; wrote {out}")


class _Bar:
    """A progress bar over the steps of all epochs."""

    def __init__(self) -> None:
        self._bar = tqdm(unit="step", leave=False)

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: Progress) -> None:
        if progress.phase == "train":
            self._bar.total = progress.epochs * progress.steps
            self._bar.n = (progress.epoch - 1) * progress.steps + progress.step
        known = progress.validation_loss
        validation = "" if known is None else f", validation {known:.4f}"
        self._bar.set_description(f"{progress.phase} {progress.epoch}/{progress.epochs}", refresh=False)
        self._bar.set_postfix_str(f"loss {progress.loss:.4f}{validation}, {progress.seconds_left:.0f} s left")
