"""A model on disk: a folder of files that `manifest.json` names, with the digest of each.

manifest.json      what the model is, how it is fed, compared and judged, and the SHA-256 of the other files
embedding.keras    the network, to train on
embedding.tflite   the same network, to serve
MODEL_CARD.md      the manifest in prose
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.errors import ArtifactError
from ml.serving.calibration import Calibration
from ml.siamese.comparators import Comparator, comparator
from ml.types import InputSpec

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
KERAS_FILE = "embedding.keras"
LITE_FILE = "embedding.tflite"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified model. Made by `Artifact.load`, so that none exists unchecked.

    Attributes:
        directory: Where it lies.
        digest: SHA-256 of `manifest.json`, which in turn names the digest of every other file.
        format_version: Version of this layout.
        name: The model's own name, such as `mobilefacenet-base-1`.
        network: Its key among `ml.siamese.networks`.
        input_spec: What the network eats.
        embedding_size: Length of its embeddings.
        mirrored: Whether an embedding is the mean of a face's and of its mirror image's.
        comparator: Compares two of its embeddings.
        calibration: Its thresholds.
        report: Its figures on sets it was not tuned on.
        files: Digest of each file.
    """

    directory: Path
    digest: str
    format_version: int
    name: str
    network: str
    input_spec: InputSpec
    embedding_size: int
    mirrored: bool
    comparator: Comparator
    calibration: Calibration
    report: dict[str, Any]
    files: dict[str, str]

    @classmethod
    def load(cls, directory: Path) -> "Artifact":
        """Read an artifact and check its format version and the digest of every file.

        Args:
            directory: The artifact's folder.

        Raises:
            ArtifactError: `artifact_missing`, `artifact_altered` or `artifact_incompatible`.
        """
        manifest = _read(directory / MANIFEST)
        try:
            artifact = cls._from_manifest(directory, manifest)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError("artifact_incompatible", f"expected a manifest, got {error!r}") from error
        for name in artifact.files:
            artifact.read(name)
        return artifact

    def read(self, name: str) -> bytes:
        """Return a file's bytes, checked against its digest.

        Raises:
            ArtifactError: `artifact_missing` or `artifact_altered`.
        """
        content = _read(self.directory / name)
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.files.get(name):
            raise ArtifactError(
                "artifact_altered", f"expected {name} with SHA-256 {self.files.get(name)}, got {digest}"
            )
        return content

    @classmethod
    def _from_manifest(cls, directory: Path, manifest: bytes) -> "Artifact":
        content = json.loads(manifest)
        version = content["format_version"]
        if version != FORMAT_VERSION:
            raise ArtifactError(
                "artifact_incompatible", f"expected format version {FORMAT_VERSION}, got {version}"
            )
        missing = {KERAS_FILE, LITE_FILE} - content["files"].keys()
        if missing:
            raise ArtifactError(
                "artifact_incompatible", f"expected a digest of {sorted(missing)} in {MANIFEST}"
            )
        return cls(
            directory=directory,
            digest=hashlib.sha256(manifest).hexdigest(),
            format_version=version,
            name=content["name"],
            network=content["network"],
            input_spec=InputSpec(**content["input_spec"]),
            embedding_size=content["embedding_size"],
            mirrored=content["mirrored"],
            comparator=comparator(content["comparator"]),
            calibration=Calibration.from_json(content["calibration"]),
            report=content["report"],
            files={name: facts["sha256"] for name, facts in content["files"].items()},
        )


def write_manifest(directory: Path, content: dict[str, Any]) -> None:
    """Write `manifest.json` for the model files that lie in a folder; the same content gives the same bytes.

    Args:
        directory: Holds `embedding.keras` and `embedding.tflite`.
        content: Every part of the manifest but `format_version` and `files`; `input_spec` is an `InputSpec` and
            `calibration` a `Calibration`.
    """
    files = {}
    for name in (KERAS_FILE, LITE_FILE):
        data = _read(directory / name)
        files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest = {
        "format_version": FORMAT_VERSION,
        **content,
        "input_spec": asdict(content["input_spec"]),
        "calibration": content["calibration"].to_json(),
        "files": files,
    }
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError("artifact_missing", f"expected the file {path}: {error.strerror}") from error
