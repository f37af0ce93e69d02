"""Draws balanced pairs of faces and writes them as arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollment.management.arguments import folder_make, natural_int, positive_int
from ml.config import SEED
from ml.errors import MLError
from ml.siamese.networks import NETWORKS
from ml.training.folder import read_people
from ml.training.pairs import draw_pairs, export_pairs


class Command(BaseCommand):
    help = "Write mated and non-mated pairs, as many of each, as a network sees them (.npz, no pickle)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("data", type=Path, help="Folder of people, as import_faces writes it.")
        parser.add_argument("--out", type=Path, required=True, help="The .npz file to write.")
        parser.add_argument("--network", choices=sorted(NETWORKS), default="contrastive48")
        parser.add_argument("--count", type=positive_int, default=1000, help="How many pairs.")
        parser.add_argument("--max-subjects", type=positive_int, help="Take at most so many people.")
        parser.add_argument("--seed", type=natural_int, default=SEED)

    def handle(
        self, *args: Any, data: Path, out: Path, network: str, count: int, seed: int, **options: Any
    ) -> None:
        if count < 1:
            raise CommandError(f"expected at least 1 pair to draw, got {count}")
        folder_make(out.parent)
        try:
            people = read_people(data, limit=options["max_subjects"], seed=seed)
            pairs = draw_pairs(people, count, np.random.default_rng(seed))
            export_pairs(people, pairs, NETWORKS[network].input_spec, out)
        except MLError as error:
            raise CommandError(f"{error.code}: {error}") from error
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}") from error
        except MemoryError as error:
            raise CommandError(f"expected fewer pairs: memory does not hold {count}") from error
        self.stdout.write(f"Wrote {count} pairs to {out}.")
