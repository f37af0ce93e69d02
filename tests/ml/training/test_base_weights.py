import json

import numpy as np
import pytest

from ml.errors import ArtifactError
from ml.training.base_weights import read_tfjs

VALUES = np.arange(7, dtype="<f4")
ENTRIES = [
    {"name": "late", "shape": [2, 2], "dtype": "float32"},
    {"name": "early", "shape": [3], "dtype": "float32"},
]


def graph(folder, content):
    (folder / "w.bin").write_bytes(content)
    (folder / "g.json").write_text(
        json.dumps({"weightsManifest": [{"paths": ["w.bin"], "weights": ENTRIES}]})
    )
    return folder / "g.json"


def test_it_reads_weights_in_the_order_of_the_manifest(tmp_path):
    weights = read_tfjs(graph(tmp_path, VALUES.tobytes()))
    np.testing.assert_array_equal(weights["late"], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(weights["early"], [4, 5, 6])


def test_it_refuses_bytes_left_over(tmp_path):
    with pytest.raises(ArtifactError):
        read_tfjs(graph(tmp_path, VALUES.tobytes() + b"\0\0\0\0"))
