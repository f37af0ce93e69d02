"""Importing people to judge on or to learn from."""

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from enrollment.errors import TrainingFailed
from enrollment.jobs import training_data
from enrollment.models import PeopleSet
from ml.training.folder import read_people
from tests.enrollment.training import imported, names, needs_people
from tests.faces import LFW, lfw_people, needs_lfw

pytestmark = pytest.mark.django_db


@needs_people
def test_it_keeps_faces_encrypted_and_gives_them_back(tmp_path):
    made = imported(names(3), tmp_path / "three")
    assert (made.purpose, made.name, made.subjects) == ("evaluation", "three", 3)
    with storages["faces_backend"].open(made.file.name) as file:
        assert b"\xff\xd8\xff" not in file.read()
    training_data.people_set_write(made, tmp_path / "again")
    assert read_people(tmp_path / "again").digest == made.digest == read_people(tmp_path / "three").digest


@needs_people
def test_it_imports_a_set_once(tmp_path):
    imported(names(2), tmp_path / "two")
    with pytest.raises(CommandError, match="set_known"):
        call_command("import_evaluation_set", tmp_path / "two", aligned=True)
    call_command("import_training_set", tmp_path / "two", aligned=True, verbosity=0)
    assert PeopleSet.objects.count() == 2


def test_a_name_that_is_too_long_is_refused_before_the_work(tmp_path):
    with pytest.raises(CommandError, match="at most 64 characters"):
        call_command("import_training_set", tmp_path, name="x" * 65)


@needs_people
def test_it_notices_another_set_in_its_place(tmp_path):
    one, other = (imported(names(2, first=at), tmp_path / str(at)) for at in (0, 2))
    one.file = other.file
    with pytest.raises(TrainingFailed) as caught:
        training_data.people_set_write(one, tmp_path / "again")
    assert caught.value.code == "set_altered"


@needs_people
def test_canaries_are_people_of_the_set(tmp_path):
    two, canaries = names(2), tmp_path / "canaries.csv"
    canaries.write_text(f"{two[0]}, {two[1]}\n")
    assert imported(two, tmp_path / "two", canaries=canaries).canaries == [two]
    canaries.write_text(f"{two[0]}, nobody\n")
    with pytest.raises(CommandError, match="unknown_canary: nobody"):
        imported(two, tmp_path / "again", canaries=canaries)


@pytest.mark.parametrize("line", ["ada", "ada,ada", "ada,bob,eve"])
def test_a_canary_line_names_two_people(tmp_path, line):
    (tmp_path / "canaries.csv").write_text(line)
    with pytest.raises(CommandError, match="two different names"):
        call_command("import_evaluation_set", tmp_path, canaries=tmp_path / "canaries.csv")


def test_it_says_what_is_wrong_with_a_folder(tmp_path):
    with pytest.raises(CommandError, match="dataset_missing"):
        call_command("import_evaluation_set", tmp_path, aligned=True)


@needs_lfw
def test_it_finds_the_faces_in_plain_pictures(tmp_path):
    for name in lfw_people(2, images=2):
        (tmp_path / name).symlink_to(LFW / name)
    call_command("import_evaluation_set", tmp_path, name="celebrities", verbosity=0)
    made = PeopleSet.objects.get()
    assert (made.name, made.subjects) == ("celebrities", 2)
    assert made.images >= 4
