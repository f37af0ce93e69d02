"""Small models of other networks than the shipped one, untrained but whole: made and exported as the real ones."""

from pathlib import Path

import numpy as np

from ml.serving.artifacts import COMPARATOR_FILE, KERAS_FILE, LITE_FILE, write_manifest
from ml.serving.calibration import Calibration
from ml.siamese.comparators import WeightedL1Comparator
from ml.siamese.networks import NETWORKS
from ml.siamese.rules import RULES
from ml.training import export

SIZE = 24


def small_artifact(folder: Path, network: str, *, thresholds: tuple[float, ...], **changes: object) -> Path:
    """An artifact of a network's input and comparator, whose embeddings are 24 projections of the face.

    A learned comparator weighs all components alike.
    """
    import keras

    spec = NETWORKS[network]
    learned = spec.comparator == WeightedL1Comparator.name
    keras.utils.set_random_seed(4)
    faces = keras.Input(spec.input_spec.shape, name="face")
    pooled = keras.layers.AveragePooling2D(6, name="pool")(faces)
    projected = keras.layers.Dense(SIZE, name="embedding")(keras.layers.Flatten(name="flatten")(pooled))
    last = keras.layers.Activation("sigmoid", name="last") if learned else _unit_norm()
    built = keras.Model(faces, last(projected), name=network)
    folder.mkdir(parents=True, exist_ok=True)
    export.save_keras(built, folder / KERAS_FILE)
    (folder / LITE_FILE).write_bytes(export.to_tflite(built))
    if learned:
        WeightedL1Comparator(np.full(SIZE, -1.0), 3.0).save(folder / COMPARATOR_FILE)
    content = {
        "name": folder.name,
        "network": network,
        "input_spec": spec.input_spec,
        "embedding_size": SIZE,
        "mirrored": False,
        "comparator": spec.comparator,
        "calibration": Calibration({rule: {1e-4: thresholds, 1e-3: thresholds} for rule in RULES}, {}),
        "report": {},
    }
    write_manifest(folder, content | changes)
    return folder


def _unit_norm():
    from ml.siamese.layers import UnitNorm

    return UnitNorm(name="last")
