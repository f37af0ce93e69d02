"""Fetching LFW, without a network: the loader itself is scikit-learn's and is not tested here."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from ml.training.lfw import fetch_lfw


def loader(monkeypatch, fetch, home="nowhere"):
    module = SimpleNamespace(fetch_lfw_people=fetch, get_data_home=lambda: home)
    monkeypatch.setitem(sys.modules, "sklearn", SimpleNamespace(datasets=module))
    monkeypatch.setitem(sys.modules, "sklearn.datasets", module)


def test_it_names_the_folder_that_the_loader_leaves(monkeypatch, tmp_path):
    asked = []
    loader(monkeypatch, lambda **options: asked.append(options), str(tmp_path))
    assert fetch_lfw() == tmp_path / "lfw_home" / "lfw_funneled"
    assert len(asked) == 1


def test_the_command_says_so_without_a_network(monkeypatch, tmp_path):
    def offline(**_):
        raise OSError("no route to host")

    loader(monkeypatch, offline)
    with pytest.raises(CommandError, match=r"dataset_missing: .*no route to host.* name the folder"):
        call_command("import_faces", lfw=True, out=tmp_path)


def test_the_command_says_so_without_scikit_learn(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(CommandError, match="dataset_missing: expected scikit-learn"):
        call_command("import_faces", lfw=True, out=tmp_path)


def test_the_command_needs_one_source(tmp_path):
    for source in ([], [str(Path("people")), "--lfw"]):
        with pytest.raises(CommandError):
            call_command("import_faces", *source, f"--out={tmp_path}")
