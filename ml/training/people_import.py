"""Turning a folder of people's pictures into the aligned faces that training reads, with a record of what was refused.

OUT/name/picture.jpg     an aligned face with its margin, 128 x 128
OUT/rejections.csv       which pictures were refused, and why
OUT/contact_sheet.png    the refused ones, and some of the accepted, to look through
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from ml.errors import DatasetError, ImageError
from ml.faces import alignment, images, quality
from ml.faces.detection import Detection, Detector
from ml.faces.detection.base import foremost
from ml.faces.landmarks import Mesh, MeshNetwork
from ml.faces.quality import QualityGate
from ml.training.contact_sheet import Tile, write_contact_sheet
from ml.training.folder import FACE_PX, MARGIN_PX
from ml.types import Picture, Reason

REJECTIONS, CONTACT_SHEET = "rejections.csv", "contact_sheet.png"
TOO_FEW_PICTURES = "too_few_pictures"
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_RIVAL = 0.4  # other faces count from this share of the chosen one's size on
_MAX_REJECTED, _MAX_ACCEPTED = 200, 50  # on the contact sheet
_THUMBNAIL_PX = 128


@dataclass(frozen=True, slots=True)
class Rejection:
    """A picture that was refused.

    Attributes:
        file: Relative to the folder of pictures.
        reasons: Stable codes: a `Reason`, a code of `ImageError`, or `too_few_pictures`.
        thumbnail: The picture, small; None if it could not be read.
    """

    file: Path
    reasons: tuple[str, ...]
    thumbnail: Picture | None


@dataclass(slots=True)
class ImportReport:
    """What came of an import.

    Attributes:
        accepted: The faces written, relative to the folder they were written to.
        rejected: The pictures refused.
    """

    accepted: list[Path] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PeopleImporter:
    """Imports folders of people.

    Attributes:
        detector: Finds the faces.
        mesh_network: Finds their landmarks, by which they are aligned.
        gate: What a face must hold.
    """

    detector: Detector
    mesh_network: MeshNetwork
    gate: QualityGate

    def run(
        self,
        source: Path,
        out: Path,
        *,
        progress: Callable[[Sequence[Path]], Iterable[Path]] = iter,
    ) -> ImportReport:
        """Import all people of a folder.

        Who has fewer than two good pictures is left out: nothing can be learned from one.

        Args:
            source: Holds a folder a person, with their pictures (JPEG, PNG, WebP).
            out: Where the faces go; made if need be.
            progress: Wraps the list of pictures.

        Raises:
            DatasetError: `dataset_missing` if there are no pictures.
        """
        files = sorted(p for p in source.glob("*/*") if p.suffix.lower() in _SUFFIXES and p.is_file())
        if not files:
            raise DatasetError("dataset_missing", f"expected pictures of people in {source}, found none")
        report = ImportReport()
        for path in progress(files):
            self._import_picture(path, source, out, report)
        _leave_out_single_pictures(out, report)
        _write_record(out, report)
        return report

    def face(self, rgb: Picture) -> tuple[Picture | None, tuple[Reason, ...]]:
        """Return a picture's aligned face with its margin, uint8 (128, 128, 3), or why there is none."""
        detections = self.detector.detect(rgb)
        if not detections:
            return None, (Reason.NO_FACE,)
        chosen = foremost(detections, rgb)
        mesh = self.mesh_network.locate(rgb, chosen)
        if not mesh.is_face:
            return None, (Reason.NO_FACE,)
        crop, matrix = alignment.align(rgb, mesh)
        height, width = rgb.shape[:2]
        rivals = self._rivals(rgb, chosen, detections)
        measured = quality.measure(
            mesh,
            crop,
            inside_fraction=alignment.inside_fraction(matrix, height=height, width=width),
            faces=1 + len(rivals),
            second_face=max(rivals, default=0.0),
        )
        reasons = self.gate.reasons(measured)
        return (None if reasons else with_margin(rgb, mesh)), reasons

    def _rivals(self, rgb: Picture, chosen: Detection, detections: list[Detection]) -> list[float]:
        """Sizes of the other large faces, as shares of the chosen one's; the landmarks have to confirm them."""
        shares = [(d, d.box.side / chosen.box.side) for d in detections if d is not chosen]
        return [share for d, share in shares if share >= _RIVAL and self.mesh_network.locate(rgb, d).is_face]

    def _import_picture(self, path: Path, source: Path, out: Path, report: ImportReport) -> None:
        file = path.relative_to(source)
        try:
            rgb = images.decode(path.read_bytes())
        except ImageError as error:
            report.rejected.append(Rejection(file, (error.code,), None))
            return
        face, reasons = self.face(rgb)
        if face is None:
            report.rejected.append(Rejection(file, tuple(map(str, reasons)), _thumbnail(rgb)))
            return
        # `a.png` becomes `a.png.jpg`, lest it meets `a.jpg`.
        written = file if file.suffix == ".jpg" else file.with_name(f"{file.name}.jpg")
        (out / written).parent.mkdir(parents=True, exist_ok=True)
        (out / written).write_bytes(images.encode_jpeg(face, quality=95))
        report.accepted.append(written)


def with_margin(rgb: Picture, mesh: Mesh) -> Picture:
    """Return the face as `alignment.align` does, with 8 more pixels around: uint8 (128, 128, 3).

    It is sampled twice as fine and then averaged, so that shrinking a large face skips none of its pixels.
    """
    matrix = alignment.similarity_transform(
        alignment.five_points(mesh), 2 * (alignment.TEMPLATE + MARGIN_PX) + 0.5
    )
    fine = cv2.warpAffine(rgb, matrix, (2 * FACE_PX, 2 * FACE_PX), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(fine, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _leave_out_single_pictures(out: Path, report: ImportReport) -> None:
    by_person: dict[Path, list[Path]] = {}
    for file in report.accepted:
        by_person.setdefault(file.parent, []).append(file)
    for file, *others in list(by_person.values()):
        if others:
            continue
        report.accepted.remove(file)
        report.rejected.append(Rejection(file, (TOO_FEW_PICTURES,), images.decode((out / file).read_bytes())))
        (out / file).unlink()
        (out / file).parent.rmdir()


def _write_record(out: Path, report: ImportReport) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (out / REJECTIONS).open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["path", "reasons"])
        table.writerows(
            [rejection.file.as_posix(), " ".join(rejection.reasons)] for rejection in report.rejected
        )
    tiles = [
        Tile(rejection.thumbnail, rejection.file.as_posix(), ", ".join(rejection.reasons))
        for rejection in report.rejected[:_MAX_REJECTED]
    ]
    shown = report.accepted[:: max(1, len(report.accepted) // _MAX_ACCEPTED)][:_MAX_ACCEPTED]
    tiles += [Tile(images.decode((out / file).read_bytes()), file.as_posix(), "accepted") for file in shown]
    write_contact_sheet(tiles, out / CONTACT_SHEET)


def _thumbnail(rgb: Picture) -> Picture:
    scale = _THUMBNAIL_PX / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
