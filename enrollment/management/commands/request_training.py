"""Asks for a training run; the training worker carries it out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollment.errors import DomainError
from enrollment.management.arguments import natural_int
from enrollment.models import PeopleSet, TrainingRun
from enrollment.policy import USUAL_EPOCHS
from enrollment.selectors import new_training_subjects
from enrollment.services import training_run_request


class Command(BaseCommand):
    help = "Ask for a training run. Its progress and its outcome stand in the admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--network", choices=sorted(USUAL_EPOCHS), help="Default: the active version's network."
        )
        parser.add_argument(
            "--from-scratch", action="store_true", help="Forget the active version's weights."
        )
        parser.add_argument("--calibrate-only", action="store_true", help="Keep the weights, set thresholds.")
        parser.add_argument("--training-set", help="Name of an imported set to learn from.")
        parser.add_argument(
            "--without-site", action="store_true", help="Do not learn from this site's people."
        )
        parser.add_argument("--epochs", type=int, help="At most so many.")
        parser.add_argument("--note", default="")
        parser.add_argument(
            "--new-subjects",
            type=natural_int,
            default=0,
            help="Only if so many people came since the last training.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        came = new_training_subjects() if options["new_subjects"] else 0
        if came < options["new_subjects"]:
            self.stdout.write(f"Nothing to do: {came} new people, {options['new_subjects']} are awaited.")
            return
        kinds, starts = TrainingRun.Kind, TrainingRun.Start
        try:
            run = training_run_request(
                actor=None,
                kind=kinds.CALIBRATE_ONLY if options["calibrate_only"] else kinds.TRAIN,
                network=options["network"],
                start=starts.SCRATCH if options["from_scratch"] else starts.ACTIVE,
                epochs=options["epochs"],
                uses_site=not options["without_site"],
                training_set=_training_set(options["training_set"]),
                note=options["note"],
            )
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.detail}") from error
        self.stdout.write(f"Requested training run {run.pk}.")


def _training_set(name: str | None) -> PeopleSet | None:
    if name is None:
        return None
    found = PeopleSet.objects.filter(purpose=PeopleSet.Purpose.TRAINING, name=name).first()
    if found is None:
        raise CommandError(f"There is no training set named {name!r}.")
    return found
