from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from ml.training.pairs import read_pair_file


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Three people of two pictures each: noise will do, nothing is recognised here."""
    generator = np.random.default_rng(0)
    for name in ("ada", "bob", "cyd"):
        (tmp_path / "people" / name).mkdir(parents=True)
        for number in range(2):
            pixels = generator.integers(0, 255, (128, 128, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "people" / name / f"{number}.jpg")
    return tmp_path / "people"


def test_it_writes_as_many_mated_as_non_mated_pairs(people, tmp_path):
    call_command("export_pairs", people, out=tmp_path / "pairs.npz", count=10)
    pairs = read_pair_file(tmp_path / "pairs.npz")
    assert pairs.left.shape == pairs.right.shape == (10, 62, 47, 1)
    assert pairs.same.sum() == 5


def test_it_refuses_an_empty_folder(tmp_path):
    with pytest.raises(CommandError, match="dataset"):
        call_command("export_pairs", tmp_path, out=tmp_path / "pairs.npz")


def test_it_refuses_to_draw_nothing(people, tmp_path):
    with pytest.raises(CommandError, match="at least 1 pair"):
        call_command("export_pairs", people, out=tmp_path / "pairs.npz", count=0)
