"""Tries the liveness challenge on clips and photographs, and prints how many tries passed."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from enrollment.management.arguments import natural_int, positive_int
from ml.evaluation import borrowed_heads as heads
from ml.evaluation import liveness as trials
from ml.evaluation.liveness import Shot, Try
from ml.faces.images import decode, encode_jpeg
from ml.serving.pipeline import FacePipeline
from ml.siamese.rules import TemplateMean
from ml.types import Floats, Picture
from verification import policy

STARTS = 50
STILL_SIDE_PX = 480
ROUNDS = 25
PHOTOGRAPHS_A_PERSON = 20
# The clips whose names tell that somebody turns.
TURNING = "turns"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, required=True, help="folder with videos/bona_fide and videos/attack"
        )
        parser.add_argument("--photographs", type=Path, help="folder <name>/<image>.jpg")
        parser.add_argument("--time", action="store_true", help="only measure what a frame costs")
        parser.add_argument(
            "--borrowed", action="store_true", help="only try strangers' heads beside photographs"
        )
        parser.add_argument(
            "--threads", type=positive_int, default=settings.FACE_THREADS, help="of one frame"
        )
        parser.add_argument("--tries", type=positive_int, default=300, help="photographs to tilt")
        parser.add_argument("--seed", type=natural_int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        pipeline = FacePipeline.load(Path(settings.FACE_MODEL), threads=options["threads"])
        if options["time"]:
            self._time(options["data"], pipeline)
        elif options["photographs"] and options["borrowed"]:
            self._print(self._borrow(options, pipeline))
        elif options["photographs"]:
            self._print([*self._try(options, pipeline), *self._borrow(options, pipeline)])
        else:
            raise CommandError("expected --photographs or --time")

    def _try(self, options: dict[str, Any], pipeline: FacePipeline) -> list[Try]:
        rng = np.random.default_rng(options["seed"])
        people = _clips(options["data"] / "videos" / "bona_fide", pipeline)
        attacks = _clips(options["data"] / "videos" / "attack", pipeline)
        photographs = _photographs(options["photographs"], options["tries"], rng)
        faces = _shots([encode_jpeg(picture) for picture in photographs[:40]], pipeline)
        judged = trials.judge_anew(pipeline.frames)
        replayed = trials.bona_fide_tries(attacks, starts=STARTS, judged=judged)
        return [
            *trials.bona_fide_tries(people, starts=STARTS, judged=judged),
            *trials.blink_tries(people, starts=STARTS, judged=judged),
            *trials.shaken_tries(photographs, pipeline.frames, rng=rng),
            *trials.still_tries(photographs, pipeline.frames, rng=rng),
            *trials.wrong_order_tries(people, starts=STARTS, judged=judged),
            *trials.replayed_tries(people, starts=STARTS, rng=rng, judged=judged),
            *trials.two_people_tries(people, faces, starts=STARTS, rng=rng, judged=judged),
            *(Try("replayed video", each.source, each.verdict) for each in replayed),
        ]

    def _borrow(self, options: dict[str, Any], pipeline: FacePipeline) -> list[Try]:
        """As `attempt_decide` has it, with the shipped model's rule for the mean of the anchors."""
        rng = np.random.default_rng(options["seed"])
        rule = TemplateMean(pipeline.artifact.comparator)
        threshold = pipeline.artifact.calibration.threshold(anchors=heads.ANCHORS, fmr=policy.TURNED_FMR)
        films = {
            f"{path.stem}{how}": _shots(
                [_filmed(each, change) for each in trials.clip_pictures(path)], pipeline
            )
            for path in _paths(options["data"] / "videos" / "bona_fide")
            if TURNING in path.stem
            for how, change in heads.FILMED.items()
        }
        owners = [
            owner
            for folder, pictures in _people(options["photographs"])
            if (owner := heads.owner_of(folder, pictures, pipeline.frames, rng=rng))
        ]

        def meets(anchors: Floats, head: Floats) -> bool:
            return rule.score(anchors, head) >= threshold

        return [*heads.own_head_tries(owners, meets), *heads.borrowed_head_tries(owners, films, meets)]

    def _time(self, data: Path, pipeline: FacePipeline) -> None:
        self.stdout.write("| clip | frames | ms a frame | ms of the processor a frame |\n|---|---|---|---|")
        for name, clip in _clips(data / "videos" / "bona_fide", pipeline).items():
            held = next(trials.answers(clip, starts=1), None)
            pictures = [shot.picture for shot in held[1] if isinstance(shot, Shot)] if held else []
            if pictures:
                with_eyes = partial(pipeline.frames, eyes=True)  # as where a blink is asked, which costs most
                cost = trials.cost_of_frames(pictures, with_eyes, rounds=ROUNDS)
                figures = f"{len(pictures)} | {cost.passed_ms:.1f} | {cost.processor_ms:.1f}"
                self.stdout.write(f"| {name} | {figures} |")

    def _print(self, tries: list[Try]) -> None:
        self.stdout.write("| tries | from | number | passed | refused for |\n|---|---|---|---|---|")
        for kind, source in dict.fromkeys((each.kind, each.source) for each in tries):
            codes = Counter(each.verdict.code for each in tries if (each.kind, each.source) == (kind, source))
            passed = codes.pop(None, 0)
            why = ", ".join(f"{code} {number}" for code, number in codes.most_common())
            self.stdout.write(f"| {kind} | {source} | {passed + codes.total()} | {passed} | {why} |")


def _paths(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.*"))
    if not paths:
        raise CommandError(f"expected clips in {folder}, found none")
    return paths


def _clips(folder: Path, pipeline: FacePipeline) -> dict[str, list[Shot]]:
    return {path.stem: _shots(list(trials.clip_pictures(path)), pipeline) for path in _paths(folder)}


def _shots(pictures: list[bytes], pipeline: FacePipeline) -> list[Shot]:
    """Those with a face, each looked at alone."""
    faces = ((picture, pipeline.frame(picture, eyes=True)) for picture in pictures)
    return [Shot.of(picture, face) for picture, face in faces if face is not None]


def _filmed(picture: bytes, change: Callable[[Picture], Picture]) -> bytes:
    return encode_jpeg(np.ascontiguousarray(change(decode(picture))))


def _people(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """People with enough photographs, and the first of these."""
    for person in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(person.glob("*.jpg"))[:PHOTOGRAPHS_A_PERSON]
        if len(paths) > heads.ANCHORS:
            yield person.name, [path.read_bytes() for path in paths]


def _photographs(folder: Path, count: int, rng: np.random.Generator) -> list[Picture]:
    paths = sorted(folder.glob("*/*_0001.jpg"))
    if len(paths) < count:
        raise CommandError(f"expected {count} photographs in {folder}, found {len(paths)}")
    chosen = rng.choice(len(paths), count, replace=False)
    side = (STILL_SIDE_PX, STILL_SIDE_PX)
    pictures = (decode(paths[index].read_bytes()) for index in chosen)
    return [np.asarray(cv2.resize(p, side, interpolation=cv2.INTER_CUBIC), np.uint8) for p in pictures]
