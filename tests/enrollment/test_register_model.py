"""Making artifacts known to the site."""

import shutil

import pytest
from django.core.management import CommandError, call_command

from enrollment.management.commands import prepare_site
from enrollment.models import ModelVersion
from ml.config import DEFAULT_ARTIFACT
from ml.serving.artifacts import LITE_FILE
from tests.artifacts import small_artifact

pytestmark = [
    pytest.mark.django_db,
    # Keras hands NumPy its variables in a way that NumPy 2 deprecates.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def states() -> dict[str, str]:
    return dict(ModelVersion.objects.values_list("name", "state"))


def test_the_first_model_is_active_and_others_wait(tmp_path):
    study = small_artifact(tmp_path / "study-1", "koch4096", thresholds=(0.9,))
    for _ in range(2):
        call_command("register_model", verbosity=0)
        call_command("register_model", study, verbosity=0)
    assert states() == {DEFAULT_ARTIFACT.name: "active", "study-1": "candidate"}


def test_it_refuses_another_model_of_a_known_name(tmp_path):
    call_command("register_model", verbosity=0)
    other = small_artifact(
        tmp_path / "other", "contrastive48", thresholds=(-0.5,), name=DEFAULT_ARTIFACT.name
    )
    with pytest.raises(CommandError, match="name_taken"):
        call_command("register_model", other, verbosity=0)


def test_the_site_registers_what_came_with_it_and_starts_without_what_is_broken(
    tmp_path, monkeypatch, capsys
):
    shutil.copytree(DEFAULT_ARTIFACT, tmp_path / DEFAULT_ARTIFACT.name)
    small_artifact(tmp_path / "small-1", "contrastive48", thresholds=(-0.5,))
    small_artifact(tmp_path / "broken-1", "contrastive48", thresholds=(-0.5,))
    (tmp_path / "broken-1" / LITE_FILE).write_bytes(b"altered")
    monkeypatch.setattr(prepare_site, "ARTIFACTS", tmp_path)
    call_command("register_model", verbosity=0)
    prepare_site.Command()._register_others()
    assert states() == {DEFAULT_ARTIFACT.name: "active", "small-1": "candidate"}
    assert "broken-1 is left out: artifact_altered" in capsys.readouterr().err


def test_the_sites_own_model_lies_where_the_setting_says(tmp_path, settings):
    """Though the very same one also came with the site."""
    settings.FACE_MODEL = str(shutil.copytree(DEFAULT_ARTIFACT, tmp_path / "own"))
    call_command("register_model", settings.FACE_MODEL, verbosity=0)
    prepare_site.Command()._register_others()
    assert ModelVersion.objects.get(state="active").path == settings.FACE_MODEL
