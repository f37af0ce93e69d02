"""Writing a Keras network as an artifact: `.keras` to train on, `.tflite` to serve, and a check that both agree."""

import contextlib
import io
import json
import logging
import re
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ml.errors import ArtifactError
from ml.litert import LiteModel
from ml.types import Floats

# Keras stamps its files with time and addresses: the same network must give the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHARED_OBJECT = re.compile(rb'("shared_object_id": )(\d+)')
_DATE_SAVED = "1980-01-01@00:00:00"


def save_keras(model: keras.Model, path: Path) -> None:
    """Save a network in the `.keras` format, without optimizer, without timestamps."""
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model.keras"
        model.save(saved)
        with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w") as target:
            for name in sorted(source.namelist()):
                content = _repeatable(name, source.read(name))
                target.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)


def _repeatable(name: str, content: bytes) -> bytes:
    if name == "metadata.json":
        return json.dumps(json.loads(content) | {"date_saved": _DATE_SAVED}).encode()
    if name == "config.json":
        # Keras numbers shared objects by their addresses in memory: number them in the order they come.
        numbers: dict[bytes, int] = {}
        return _SHARED_OBJECT.sub(lambda m: m[1] + b"%d" % numbers.setdefault(m[2], len(numbers)), content)
    return content


def to_tflite(model: keras.Model, *, half_precision: bool = True) -> bytes:
    """Convert a network for LiteRT.

    Args:
        model: The network.
        half_precision: Store weights as float16, which halves the file; sums are float32 either way.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if half_precision:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    logging.getLogger("absl").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()):
        content: bytes = converter.convert()
    return content


def parity(model: keras.Model, tflite: bytes, faces: Floats) -> float:
    """Return the lowest cosine between both forms' embeddings of the same faces.

    Args:
        model: The network.
        tflite: Its converted form.
        faces: Float32 (n, height, width, channels), prepared as the network expects.
    """
    lite = LiteModel(tflite)
    expected = np.asarray(model(faces))
    got = np.concatenate([lite(face[None])[0] for face in faces])
    cosines = (expected * got).sum(axis=1) / (np.linalg.norm(expected, axis=1) * np.linalg.norm(got, axis=1))
    return float(cosines.min())


def check_parity(cosine: float, *, at_least: float) -> None:
    """Refuse a conversion that changed the network.

    Raises:
        ArtifactError: `artifact_incompatible`.
    """
    if not cosine >= at_least:
        raise ArtifactError(
            "artifact_incompatible", f"expected a parity of at least {at_least}, got {cosine}"
        )
