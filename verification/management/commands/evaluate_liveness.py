"""Tries the liveness challenge on clips and photographs, and prints how many tries passed."""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ml.evaluation import liveness as trials
from ml.evaluation.liveness import Try
from ml.faces.images import decode, encode_jpeg
from ml.faces.liveness import Frame
from ml.serving.pipeline import FacePipeline
from ml.types import Picture

STARTS = 50
STILL_SIDE_PX = 480


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, required=True, help="folder with videos/bona_fide and videos/attack"
        )
        parser.add_argument("--photographs", type=Path, required=True, help="folder <name>/<image>.jpg")
        parser.add_argument("--tries", type=int, default=300, help="photographs to tilt")
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        rng = np.random.default_rng(options["seed"])
        pipeline = FacePipeline.load(Path(settings.FACE_MODEL), threads=settings.FACE_THREADS)
        people = _clips(options["data"] / "videos" / "bona_fide", pipeline)
        attacks = _clips(options["data"] / "videos" / "attack", pipeline)
        photographs = _photographs(options["photographs"], options["tries"], rng)
        faces = [face for face in (pipeline.frame(encode_jpeg(p)) for p in photographs[:40]) if face]
        tries = [
            *trials.bona_fide_tries(people, starts=STARTS),
            *trials.still_tries(photographs, pipeline.frame, rng=rng),
            *trials.wrong_order_tries(people, starts=STARTS),
            *trials.replayed_tries(people, starts=STARTS, rng=rng),
            *trials.two_people_tries(people, faces, starts=STARTS, rng=rng),
            *(
                Try("replayed video", t.source, t.verdict)
                for t in trials.bona_fide_tries(attacks, starts=STARTS)
            ),
        ]
        self._print(tries)

    def _print(self, tries: list[Try]) -> None:
        self.stdout.write("| tries | from | number | passed | refused for |\n|---|---|---|---|---|")
        for kind, source in dict.fromkeys((each.kind, each.source) for each in tries):
            codes = Counter(each.verdict.code for each in tries if (each.kind, each.source) == (kind, source))
            passed = codes.pop(None, 0)
            why = ", ".join(f"{code} {number}" for code, number in codes.most_common())
            self.stdout.write(f"| {kind} | {source} | {passed + codes.total()} | {passed} | {why} |")


def _clips(folder: Path, pipeline: FacePipeline) -> dict[str, list[Frame]]:
    paths = sorted(folder.glob("*.*"))
    if not paths:
        raise CommandError(f"expected clips in {folder}, found none")
    return {
        path.stem: [face for face in map(pipeline.frame, trials.clip_pictures(path)) if face]
        for path in paths
    }


def _photographs(folder: Path, count: int, rng: np.random.Generator) -> list[Picture]:
    paths = sorted(folder.glob("*/*_0001.jpg"))
    if len(paths) < count:
        raise CommandError(f"expected {count} photographs in {folder}, found {len(paths)}")
    chosen = rng.choice(len(paths), count, replace=False)
    side = (STILL_SIDE_PX, STILL_SIDE_PX)
    pictures = (decode(paths[index].read_bytes()) for index in chosen)
    return [np.asarray(cv2.resize(p, side, interpolation=cv2.INTER_CUBIC), np.uint8) for p in pictures]
