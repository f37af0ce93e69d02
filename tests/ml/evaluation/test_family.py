from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ml.config import DEFAULT_ARTIFACT
from ml.errors import DatasetError
from ml.evaluation.family import END, START, markdown, measure, replace_block
from tests.faces import needs_lfw

PAGE = f"# Networks\n\n{START}\nold\n{END}\n\nAfterwards.\n"


@pytest.fixture(scope="module")
def network(small_lfw):
    return measure(DEFAULT_ARTIFACT, small_lfw, crops={})


@needs_lfw
def test_it_tells_what_a_network_is_and_does(network):
    assert network.parameters == 1_292_992
    assert network.file_bytes == (DEFAULT_ARTIFACT / "embedding.tflite").stat().st_size
    assert network.lfw["pairs"] == 20
    assert network.templates["anchors"] == 3
    assert network.face_ms > 0


@needs_lfw
def test_it_embeds_faces_found_before(network, small_lfw):
    crops = {}
    measure(DEFAULT_ARTIFACT, small_lfw, crops=crops)
    assert len(crops) == 40
    assert measure(DEFAULT_ARTIFACT, small_lfw, crops=crops).lfw == network.lfw


@needs_lfw
def test_it_puts_networks_side_by_side(network):
    other = replace(network, parameters=77, loss="contrastive")
    lines = markdown([network, other], command="make table").splitlines()
    assert "| Parameters of the twin | 1,292,992 | 77 |" in lines
    assert "| Loss | as published | contrastive |" in lines
    assert lines[0].startswith("`make table`")


def test_it_replaces_what_stands_between_the_marks():
    assert replace_block(PAGE, "new") == f"# Networks\n\n{START}\n\nnew\n\n{END}\n\nAfterwards.\n"
    assert replace_block(replace_block(PAGE, "x"), "new") == replace_block(PAGE, "new")


@pytest.mark.parametrize(
    "page", ["", f"{END} {START}", START, f"{START} {END} {END}", f"{START}{START}{END}"]
)
def test_it_refuses_a_page_without_a_place_for_the_table(page):
    with pytest.raises(DatasetError):
        replace_block(page, "new")


@needs_lfw
def test_the_command_writes_the_table_and_the_plot(small_lfw, tmp_path):
    page = tmp_path / "networks.md"
    page.write_text(PAGE)
    call_command(
        "compare_networks", "--data", small_lfw, "--page", page, "--plot", tmp_path / "det", stdout=StringIO()
    )
    assert "| Ten folds: accuracy |" in page.read_text()
    assert "(det.svg)" in page.read_text()
    assert (tmp_path / "det.svg").is_file()


def test_the_command_misses_a_page_before_it_works(tmp_path):
    with pytest.raises(CommandError, match="page_missing"):
        call_command("compare_networks", "--data", tmp_path, "--page", tmp_path / "none.md")
