"""Bytes -> face -> embedding, in one call."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ml.config import THREADS
from ml.faces import alignment, images, quality
from ml.faces.detection import Detection, Detector, MediaPipeDetector, QuickDetector
from ml.faces.detection.base import Selection, foremost
from ml.faces.eyes import EyeNetwork
from ml.faces.landmarks import Mesh, MeshNetwork
from ml.faces.liveness.challenge import is_at_rest
from ml.faces.liveness.frames import Frame
from ml.faces.liveness.motion import shift_between
from ml.faces.liveness.passive import PassiveCheck
from ml.faces.quality import VERIFICATION_GATE, QualityGate
from ml.serving.artifacts import Artifact
from ml.serving.embedder import Embedder
from ml.serving.following import detection_around
from ml.siamese.rules import TEMPLATE_MEAN
from ml.types import Box, Extraction, Floats, Picture, Quality, Reason

# Entered around each stage, by its name: decode, detect, landmarks, align, eyes, embed, passive.
Stage = Callable[[str], AbstractContextManager[object]]
# In eye distances: a head that moved less is still well within the place where it was last.
_NEAR = 0.1
# A face, its landmarks, and all faces of the picture.
_Found = tuple[Detection, Mesh, list[Detection]]
# Other faces are worth a look from this share of the chosen one's size on.
_RIVAL = 0.4


@dataclass(frozen=True, slots=True)
class FacePipeline:
    """Everything the worker needs for one picture. Threads may share it: each gets its own interpreters.

    Attributes:
        artifact: The model whose embeddings it makes.
        detector: Finds all faces.
        quick_detector: Finds the face of somebody who looks into a camera, in a fifth of the time.
        mesh_network: Finds a face's landmarks.
        eye_network: Tells open from closed eyes.
        embedder: Runs the model.
        passive_check: Says whether a picture looks like a screen or a print.
        stage: Times the stages of each picture, if somebody wants to know.
    """

    artifact: Artifact
    detector: Detector
    quick_detector: Detector
    mesh_network: MeshNetwork
    eye_network: EyeNetwork
    embedder: Embedder
    passive_check: PassiveCheck
    stage: Stage = nullcontext

    @classmethod
    def load(
        cls, artifact: Artifact | Path, *, threads: int = THREADS, stage: Stage = nullcontext
    ) -> "FacePipeline":
        """Load the networks.

        Args:
            artifact: A loaded artifact, or its folder.
            threads: CPU threads of one extraction.
            stage: See the attribute.

        Raises:
            ArtifactError: If the artifact, a face network or the passive check is missing, altered or incompatible.
        """
        artifact = artifact if isinstance(artifact, Artifact) else Artifact.load(artifact)
        cv2.setNumThreads(threads)
        detector = MediaPipeDetector(threads=threads)
        return cls(
            artifact=artifact,
            detector=detector,
            quick_detector=QuickDetector(detector, threads=threads),
            mesh_network=MeshNetwork(threads=threads),
            eye_network=EyeNetwork(threads=threads),
            embedder=Embedder(artifact, threads=threads),
            passive_check=PassiveCheck.load(),
            stage=stage,
        )

    def warm_up(self) -> None:
        """Have decoders and this thread's interpreters made now, and not while somebody waits for the first picture."""
        blank = np.zeros((alignment.SIDE_PX, alignment.SIDE_PX, 3), np.uint8)
        images.decode(images.encode_jpeg(blank))
        self.quick_detector.detect(blank)
        self.mesh_network.locate(blank, Detection(Box(0, 0, alignment.SIDE_PX, alignment.SIDE_PX, 1)))
        self.embedder.embed(blank)

    def extract(
        self, data: bytes, *, gate: QualityGate, selection: Selection = foremost, quick: bool = False
    ) -> Extraction:
        """Take a picture's face and embed it if the gate accepts it.

        Args:
            data: A JPEG, PNG or WebP file.
            gate: What a face must hold.
            selection: Which of several faces is meant.
            quick: Look with the quick detector, which rarely overlooks somebody at the picture's edge.

        Returns:
            The embedding, or the reasons why there is none.

        Raises:
            ImageError: If the bytes are no usable picture.
        """
        rgb = self._decode(data)
        detections = self._detect(rgb, self.quick_detector if quick else self.detector)
        if not detections:
            return Extraction(reasons=(Reason.NO_FACE,))
        detection = selection(detections, rgb)
        mesh = self._locate(rgb, detection)
        if not mesh.is_face:
            return Extraction(reasons=(Reason.NO_FACE,), box=detection.box)
        crop, measured = self._measure(rgb, detection, mesh, detections)
        reasons = gate.reasons(measured)
        embedding = None if reasons else self._embed(crop)
        return Extraction(
            reasons=reasons, box=detection.box, quality=measured, crop=crop, embedding=embedding
        )

    def frames(self, files: Sequence[bytes], *, eyes: bool = False) -> list[Frame | None]:
        """Take the face of each frame of a liveness challenge, in order; None stands where there is none.

        A head that has turned away from the first frame is followed by its landmarks. Faces at rest, which may meet a
        template, are looked for in the whole picture, where other people count.

        Args:
            files: The pictures, each a JPEG, PNG or WebP file.
            eyes: Whether to look at the eyes of faces at rest.

        Raises:
            ImageError: If the bytes are no usable picture.
        """
        faces: list[Frame | None] = []
        seen: list[tuple[Frame, Detection]] = []
        for data in files:
            found = self._frame(data, seen, eyes=eyes)
            faces.append(found and found[0])
            seen += [found] if found else []
        return faces

    def frame(self, data: bytes, *, eyes: bool = False) -> Frame | None:
        """Take the face of one frame, which may be turned away; None where there is none.

        Args:
            data: The picture, as for `frames`.
            eyes: Whether to look at its eyes.

        Raises:
            ImageError: If the bytes are no usable picture.
        """
        return self.frames([data], eyes=eyes)[0]

    def _frame(
        self, data: bytes, seen: list[tuple[Frame, Detection]], *, eyes: bool
    ) -> tuple[Frame, Detection] | None:
        """The face and where it was looked for; `seen` has those of the earlier frames."""
        rgb = self._decode(data)
        turned = self._follow(rgb, seen) if seen else None
        found = turned or self._foremost(rgb)
        if found is None:
            return None
        detection, mesh, detections = found
        crop, measured = self._measure(rgb, detection, mesh, detections)
        face = Frame(
            points=mesh.points,
            yaw_degrees=measured.yaw_degrees,
            pitch_degrees=measured.pitch_degrees,
            embedding=self._embed(crop),
            reasons=VERIFICATION_GATE.reasons(measured),
            score=measured.score,
            eyes=self._opening(rgb, mesh) if eyes and turned is None else None,
        )
        return face, detection

    def _follow(self, rgb: Picture, seen: list[tuple[Frame, Detection]]) -> _Found | None:
        """The face about where it was last, if it is there and turned away from the first frame.

        It is looked for in the very place of the last frame, so that a picture that comes twice measures the same.
        """
        start, (last, detection) = seen[0][0], seen[-1]
        mesh = self._locate(rgb, detection)
        if not mesh.is_face or is_at_rest(mesh.points, start):
            return None
        if shift_between(last.points, mesh.points) > _NEAR:  # once more, about where it is now
            detection = detection_around(mesh.points)
            mesh = self._locate(rgb, detection)
        if not mesh.is_face or is_at_rest(mesh.points, start):
            return None
        return detection, mesh, [detection]

    def _foremost(self, rgb: Picture) -> _Found | None:
        detections = self._detect(rgb, self.detector)
        if not detections:
            return None
        detection = foremost(detections, rgb)
        mesh = self._locate(rgb, detection)
        return (detection, mesh, detections) if mesh.is_face else None

    def attack_probability(self, data: bytes) -> float | None:
        """Tell how much a picture's face looks like one on a screen or a print, in [0, 1]; None where there is no face.

        A hint that errs often on cameras it never saw, so it must decide nothing: see `ml.faces.liveness.passive`.

        Args:
            data: The picture, as for `extract`.

        Raises:
            ImageError: If the bytes are no usable picture.
        """
        rgb = self._decode(data)
        with self.stage("passive"):
            detections = self.quick_detector.detect(rgb)
            return self.passive_check.of_face(rgb, foremost(detections, rgb).box) if detections else None

    def same_person(self, a: Floats, b: Floats, *, fmr: float | None = None) -> bool:
        """Tell whether two frames of one challenge show one person.

        Args:
            a: An embedding.
            b: Another one.
            fmr: A false match rate that the model is calibrated for; the loosest if not given, since a turned head
                looks less like itself, and the threshold of a sign-in would refuse it.
        """
        calibration = self.artifact.calibration
        threshold = calibration.threshold(anchors=1, fmr=fmr or max(calibration.rules[TEMPLATE_MEAN]))
        return self.artifact.comparator.similarity(a, b) >= threshold

    def _decode(self, data: bytes) -> Picture:
        with self.stage("decode"):
            return images.decode(data)

    def _detect(self, rgb: Picture, detector: Detector) -> list[Detection]:
        with self.stage("detect"):
            return detector.detect(rgb)

    def _locate(self, rgb: Picture, detection: Detection) -> Mesh:
        with self.stage("landmarks"):
            return self.mesh_network.locate(rgb, detection)

    def _opening(self, rgb: Picture, mesh: Mesh) -> float:
        with self.stage("eyes"):
            return self.eye_network.opening(rgb, mesh)

    def _embed(self, crop: Picture) -> Floats:
        with self.stage("embed"):
            return self.embedder.embed(crop)

    def _measure(
        self, rgb: Picture, detection: Detection, mesh: Mesh, detections: list[Detection]
    ) -> tuple[Picture, Quality]:
        with self.stage("align"):
            crop, matrix = alignment.align(rgb, mesh)
        rivals = self._rivals(rgb, detection, detections)
        height, width = rgb.shape[:2]
        measured = quality.measure(
            mesh,
            crop,
            inside_fraction=alignment.inside_fraction(matrix, height=height, width=width),
            faces=1 + len(rivals),
            second_face=max((rival.box.side / detection.box.side for rival in rivals), default=0.0),
        )
        return crop, measured

    def _rivals(self, rgb: Picture, chosen: Detection, detections: list[Detection]) -> list[Detection]:
        """The other faces of comparable size; a detection that the landmarks do not confirm is none."""
        others = [d for d in detections if d is not chosen and d.box.side >= _RIVAL * chosen.box.side]
        return [other for other in others if self._locate(rgb, other).is_face]
