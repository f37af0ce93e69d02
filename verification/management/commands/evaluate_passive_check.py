"""Learns from single pictures what is a screen or a print, and prints how it fares on sources it never saw."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from enrollment.management.arguments import folder_make, natural_int
from ml.errors import MLError
from ml.evaluation import passive_check
from ml.evaluation.passive_check import Outcome


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, required=True, help="folder with <source>/bona_fide and <source>/attack"
        )
        parser.add_argument(
            "--all-recipes", action="store_true", help="also the mean of each way of learning"
        )
        parser.add_argument("--seed", type=natural_int, default=0)
        parser.add_argument("--out", type=Path, help="write here the check that all sources together teach")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["out"]:
            folder_make(options["out"].parent)
        try:
            sources = passive_check.read_sources(options["data"], seed=options["seed"])
        except MLError as error:
            raise CommandError(str(error)) from error
        outcomes = passive_check.leave_one_out(sources)
        self._print(outcomes)
        if options["all_recipes"]:
            self.stdout.write("\n| recipe | APCER | BPCER | EER | area |\n|---|---|---|---|---|")
            for recipe in passive_check.RECIPES:
                means = _means(passive_check.leave_one_out_with(sources, recipe))
                self.stdout.write(f"| {recipe} | {means} |")
        if options["out"]:
            check = passive_check.learn(sources, passive_check.best(sources))
            check.save(options["out"], passive_check.evidence(outcomes))
            self.stdout.write(f"Wrote {options['out']}.")

    def _print(self, outcomes: list[Outcome]) -> None:
        self.stdout.write("| unseen source | people | attacks | APCER | BPCER | EER | area | recipe |")
        self.stdout.write("|---|---|---|---|---|---|---|---|")
        for each in outcomes:
            rates = _rates(each.apcer, each.bpcer, each.eer, each.auc)
            self.stdout.write(f"| {each.source} | {each.people} | {each.attacks} | {rates} | {each.recipe} |")
        people, attacks = sum(each.people for each in outcomes), sum(each.attacks for each in outcomes)
        self.stdout.write(f"| mean of the sources | {people} | {attacks} | {_means(outcomes)} | |")


def _means(outcomes: list[Outcome]) -> str:
    return _rates(*np.mean([(each.apcer, each.bpcer, each.eer, each.auc) for each in outcomes], axis=0))


def _rates(apcer: float, bpcer: float, eer: float, auc: float) -> str:
    return f"{apcer:.0%} | {bpcer:.0%} | {eer:.0%} | {auc:.2f}"
