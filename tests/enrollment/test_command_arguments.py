"""What commands are given and cannot use: each says so in words."""

import pytest
from django.core.management import CommandError, call_command

from tests.faces import jpeg, portrait


@pytest.fixture
def people(tmp_path):
    """A folder of two people with two faces each."""
    for name in ("ada", "bob"):
        (tmp_path / "people" / name).mkdir(parents=True)
        for number in (1, 2):
            face = jpeg(portrait().resize((128, 128)))
            (tmp_path / "people" / name / f"{number}.jpg").write_bytes(face)
    return tmp_path / "people"


@pytest.fixture
def file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    return tmp_path / "file"


def refusal(*args: object) -> str:
    with pytest.raises(CommandError) as caught:
        call_command(*map(str, args))
    return str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "import_training_set {} --aligned --limit -3",
        "export_pairs {} --out x.npz --count -1",
        "export_pairs {} --out x.npz --max-subjects 0",
        "export_pairs {} --out x.npz --seed -1",
        "bench_detectors --data {} --images 0",
        "bench_pipeline --data {} --threads -5",
        "evaluate_model --protocol conditions --data {} --people -1",
        "evaluate_model --protocol conditions --data {} --strangers 0",
        "train_model --network contrastive48 --data {} --out x --limit-subjects -1",
        "train_model --network contrastive48 --data {} --out x --seed one",
        "request_training --new-subjects -3",
        "evaluate_liveness --data {} --time --threads 0",
        "evaluate_passive_check --data {} --seed -1",
    ],
)
def test_numbers_have_a_least(people, line):
    assert "expected " in refusal(*line.format(people).split())


@pytest.mark.parametrize(
    "line",
    [
        "import_faces {} --out {}",
        "export_pairs {} --out {}/pairs.npz",
        "evaluate_model --protocol lfw --data {} --out {}",
        "train_model --network contrastive48 --data {} --out {}",
        "compare_networks --data {} --plot {}/plot",
        "evaluate_passive_check --data {} --out {}/check.json",
    ],
)
def test_where_nothing_can_be_written_is_said_before_the_work(people, file, line):
    assert f"{file}: expected a folder" in refusal(*line.format(people, file).split())


def test_a_folder_is_no_file_to_write_pairs_to(people, tmp_path):
    (tmp_path / "pairs.npz").mkdir()
    assert "Is a directory" in refusal("export_pairs", people, "--out", tmp_path / "pairs.npz")


@pytest.mark.parametrize(
    "line", ["import_faces {} --out {}/out", "bench_detectors --data {}", "bench_pipeline --data {}"]
)
def test_a_folder_that_is_called_like_a_picture_is_none(tmp_path, line):
    (tmp_path / "ada" / "1.jpg").mkdir(parents=True)
    assert "pictures" in refusal(*line.format(tmp_path, tmp_path).split())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    ["ada,bob".encode("utf-16"), "Zoë,bob".encode("latin-1"), b'"' + b"x" * 200_000 + b'",bob'],
    ids=["UTF-16", "Latin-1", "huge"],
)
def test_canaries_are_csv_in_utf_8(people, file, content):
    file.write_bytes(content)
    assert "expected CSV in UTF-8" in refusal(
        "import_evaluation_set", people, "--aligned", "--canaries", file
    )


def test_a_page_is_text(people, file):
    file.write_bytes("Zoë".encode("latin-1"))
    assert "page_unreadable" in refusal("compare_networks", "--data", people, "--page", file)
