"""A model on disk: a folder of files that `manifest.json` names, with the digest of each.

manifest.json      what the model is, how it is fed, compared and judged, and the SHA-256 of the other files
embedding.keras    the network, to train on
embedding.tflite   the same network, to serve
comparator.npz     what a learned comparator knows; absent where comparing needs no weights
MODEL_CARD.md      the manifest in prose
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.errors import ArtifactError, ComparatorError
from ml.serving.calibration import Calibration
from ml.siamese.comparators import Comparator, WeightedL1Comparator, comparator
from ml.types import InputSpec

FORMAT_VERSION = 2
MANIFEST, CARD = "manifest.json", "MODEL_CARD.md"
KERAS_FILE = "embedding.keras"
LITE_FILE = "embedding.tflite"
COMPARATOR_FILE = "comparator.npz"


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
        except (KeyError, TypeError, ValueError, AttributeError, ComparatorError) as error:
            raise ArtifactError("artifact_incompatible", f"expected a manifest, got {error!r}") from error
        for name in artifact.files:
            artifact.read(name)
        return artifact

    def read(self, name: str) -> bytes:
        """Return a file's bytes, checked against its digest.

        Raises:
            ArtifactError: `artifact_missing` or `artifact_altered`.
        """
        return _checked(self.directory / name, self.files.get(name))

    @classmethod
    def _from_manifest(cls, directory: Path, manifest: bytes) -> "Artifact":
        content = json.loads(manifest)
        version = content["format_version"]
        if version != FORMAT_VERSION:
            raise ArtifactError(
                "artifact_incompatible", f"expected format version {FORMAT_VERSION}, got {version}"
            )
        missing = set(files_of(content["comparator"])) - content["files"].keys()
        if missing:
            raise ArtifactError(
                "artifact_incompatible", f"expected a digest of {sorted(missing)} in {MANIFEST}"
            )
        files = {name: facts["sha256"] for name, facts in content["files"].items()}
        return cls(
            directory=directory,
            digest=hashlib.sha256(manifest).hexdigest(),
            format_version=version,
            name=content["name"],
            network=content["network"],
            input_spec=InputSpec(**content["input_spec"]),
            embedding_size=content["embedding_size"],
            mirrored=content["mirrored"],
            comparator=_comparator(directory, content["comparator"], files, size=content["embedding_size"]),
            calibration=Calibration.from_json(content["calibration"]),
            report=content["report"],
            files=files,
        )


def files_of(comparator_name: str) -> tuple[str, ...]:
    """Return the files that a model with this comparator consists of, besides the manifest."""
    learned = (COMPARATOR_FILE,) if comparator_name == WeightedL1Comparator.name else ()
    return (KERAS_FILE, LITE_FILE, *learned)


def write_manifest(directory: Path, content: dict[str, Any]) -> None:
    """Write `manifest.json` for the model files that lie in a folder; the same content gives the same bytes.

    Args:
        directory: Holds `embedding.keras`, `embedding.tflite` and, for a learned comparator, `comparator.npz`.
        content: Every part of the manifest but `format_version` and `files`; `input_spec` is an `InputSpec` and
            `calibration` a `Calibration`.
    """
    files = {}
    for name in files_of(content["comparator"]):
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


def rewrite_manifest(directory: Path, changes: dict[str, Any]) -> Artifact:
    """Replace parts of an artifact's manifest, and return the artifact that it is now.

    Args:
        directory: The artifact's folder.
        changes: Parts of what `write_manifest` takes.

    Raises:
        ArtifactError: `artifact_missing`, `artifact_altered` or `artifact_incompatible`.
    """
    known = Artifact.load(directory)
    content = json.loads(_read(directory / MANIFEST))
    parts = {name: value for name, value in content.items() if name not in ("format_version", "files")}
    parts |= {"input_spec": known.input_spec, "calibration": known.calibration}
    write_manifest(directory, parts | changes)
    return Artifact.load(directory)


def _comparator(directory: Path, name: str, files: dict[str, str], *, size: int) -> Comparator:
    if name != WeightedL1Comparator.name:
        return comparator(name)
    weights = _checked(directory / COMPARATOR_FILE, files[COMPARATOR_FILE])
    learned = WeightedL1Comparator.load(io.BytesIO(weights))
    if learned.size != size:
        raise ArtifactError(
            "artifact_incompatible", f"expected {size} weights in {COMPARATOR_FILE}, got {learned.size}"
        )
    return learned


def _checked(path: Path, expected: str | None) -> bytes:
    content = _read(path)
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise ArtifactError("artifact_altered", f"expected {path.name} with SHA-256 {expected}, got {digest}")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError("artifact_missing", f"expected the file {path}: {error.strerror}") from error
